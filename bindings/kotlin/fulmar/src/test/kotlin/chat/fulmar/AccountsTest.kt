package chat.fulmar

import kotlinx.coroutines.awaitCancellation
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.minutes

class AccountsTest {
    @Test
    fun `sign in, be there again, sign out`() = onStage { stage ->
        val alice = stage.open("alice")
        assertEquals(SessionState.SignedOut, alice.currentSession)
        val wrong = assertThrows<CommandException.Refused> { alice.signIn(UserId("alice"), "wrong") }
        assertEquals(Code.CredentialsInvalid, wrong.problem.code)
        alice.signIn(UserId("alice"), "alice-password")
        assertThrows<CommandException.AlreadySignedIn> { alice.signIn(UserId("alice"), "alice-password") }
        alice.shutDown()

        val again = stage.open("alice")
        assertEquals(SessionState.SignedIn(UserId("alice")), again.currentSession)
        again.isLive()
        again.setNetwork(NetworkState.UNAVAILABLE)
        again.createDirect(UserId("bob")).send("unsent")
        val unsent = assertThrows<CommandException.UnsentOperations> { again.signOut(SignOut.REFUSE) }
        assertEquals(2, unsent.count)
        again.signOut(SignOut.DISCARD)
        assertEquals(SessionState.SignedOut, again.session.until { it == SessionState.SignedOut })
        assertThrows<CommandException.SignedOut> { again.createDirect(UserId("bob")) }
        again.shutDown()
    }

    @Test
    fun `a store can only be open once, and belongs to somebody`() = onStage { stage ->
        val alice = stage.signIn("alice")
        val twice = assertThrows<OpenException.AlreadyOpen> { stage.open("alice") }
        assertTrue(twice.path.endsWith("alice.db"))
        alice.shutDown()
        val other = assertThrows<OpenException.OtherUser> {
            Client.open(stage.url, stage.store("alice"), owner = UserId("bob"))
        }
        assertEquals(UserId("alice"), other.owner)
        assertThrows<OpenException.Plaintext> { Client.open("http://example.com", stage.store("new")) }
        // `close` returns at once, and the store can be had again all the same.
        stage.open("alice").close()
        stage.open("alice").shutDown()
    }

    @Test
    fun `a session that the server ended says why and keeps what is unsent`() = onStage { stage ->
        val alice = stage.signIn("alice")
        alice.isLive()
        val chat = alice.createDirect(UserId("bob"))
        stage.admin("users/alice/revoke-sessions")
        val ended = alice.session.until { it is SessionState.Ended } as SessionState.Ended
        assertEquals(SessionEnd.ByServer(Code.SessionRevoked), ended.end)
        chat.send("kept")
        alice.signIn(UserId("alice"), "alice-password")
        chat.timeline().shows("kept")
        alice.shutDown()
    }

    private class OwnBackend(private val stage: Stage) : TokenProvider {
        val asked = AtomicInteger()

        @Volatile
        var answer: suspend (UserId) -> ProvidedToken = ::helpful

        fun helpful(user: UserId) = ProvidedToken(stage.accessToken(user.value), 15.minutes)

        override suspend fun token(userId: UserId): ProvidedToken {
            asked.incrementAndGet()
            return answer(userId)
        }
    }

    @Test
    fun `tokens come from a provider in Kotlin, also a failing and a slow one`() = onStage { stage ->
        val backend = OwnBackend(stage)
        val alice = stage.open("alice", tokenProvider = backend)
        backend.answer = { throw IllegalStateException("maintenance") }
        assertTrue(
            assertThrows<CommandException.NoToken> {
                alice.signInWithProvider(UserId("alice"))
            }.reason.contains("maintenance"),
        )
        // An Error that nobody catches would leave Rust waiting for ever.
        backend.answer = { throw NoClassDefFoundError("a missing class") }
        assertTrue(
            assertThrows<CommandException.NoToken> {
                alice.signInWithProvider(UserId("alice"))
            }.reason.contains("a missing class"),
        )
        backend.answer = { awaitCancellation() }
        assertTrue(
            assertThrows<CommandException.NoToken> {
                alice.signInWithProvider(UserId("alice"))
            }.reason.contains("in time"),
        )
        backend.answer = backend::helpful
        alice.signInWithProvider(UserId("alice"))
        val chat = alice.createDirect(UserId("bob"))
        chat.send("before")
        chat.timeline().shows("before")

        backend.answer = { throw TokenFailure.Unavailable("down") }
        stage.admin("clock/advance", """{"byMs":960000}""")
        chat.send("while it is down")
        alice.connection.until { state ->
            state is ConnectionState.Waiting && state.reason == WaitReason.TokenUnavailable("down")
        }
        backend.answer = backend::helpful
        chat.timeline().shows("before", "while it is down")

        backend.answer = { throw TokenFailure.SessionOver("signed out elsewhere") }
        stage.admin("clock/advance", """{"byMs":960000}""")
        val ended = alice.session.until { it is SessionState.Ended } as SessionState.Ended
        assertEquals(SessionEnd.ByTokenProvider("signed out elsewhere"), ended.end)
        assertFalse(backend.helpful(UserId("alice")).toString().contains("ey"))
        alice.shutDown()
    }

    private class Keychain : SecretStorage {
        val saved = ConcurrentHashMap<String, ByteArray>()
        override fun load(name: String): ByteArray? = saved[name]
        override fun save(name: String, secret: ByteArray) {
            saved[name] = secret
        }
    }

    @Test
    fun `tokens are sealed with a key in the platform's secrets`() = onStage { stage ->
        val keychain = Keychain()
        val alice = stage.open("alice", secretStorage = keychain)
        alice.signIn(UserId("alice"), "alice-password")
        assertEquals(1, keychain.saved.size)
        alice.shutDown()
        val locked = object : SecretStorage {
            override fun load(name: String): ByteArray = throw OutOfMemoryError("locked")
            override fun save(name: String, secret: ByteArray) = Unit
        }
        val error = assertThrows<OpenException.Secrets> { stage.open("alice", secretStorage = locked) }
        assertTrue(error.reason.contains("locked"))
        val stranger = stage.open("alice", secretStorage = Keychain())
        assertEquals(SessionState.Ended(UserId("alice"), SessionEnd.SecretsLost), stranger.currentSession)
        stranger.shutDown()
        val again = stage.open("alice", secretStorage = keychain)
        again.isLive()
        again.shutDown()
    }

    @Test
    fun `people block each other, sign out when all is sent, and delete their account`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        val (bob, theirs) = his
        alice.account.block(UserId("bob"))
        assertEquals(listOf(UserId("bob")), alice.account.blocked())
        alice.conversations.items.until { list -> list.items.any { it.title == "Bob" && it.blocked } }
        assertThrows<CommandException.NotAllowed> { hers.send("no") }
        alice.account.unblock(UserId("bob"))
        hers.send("the last words")
        alice.signOut(SignOut.WAIT)
        theirs.timeline().shows("the last words")
        assertEquals(SessionState.SignedOut, alice.currentSession)

        assertThrows<CommandException.Refused> { bob.account.delete("wrong-password") }
        bob.account.delete("bob-password")
        assertThrows<CommandException.Refused> { bob.signIn(UserId("bob"), "bob-password") }
    }
}
