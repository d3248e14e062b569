package chat.fulmar

import kotlinx.coroutines.flow.first
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.time.Instant

class GroupsTest {
    @Test
    fun `people come and go and get roles`() = onStage { stage ->
        val alice = stage.signIn("alice")
        val bob = stage.signIn("bob")
        val hers = alice.createGroup("Trip", listOf(UserId("bob")))
        val row = bob.conversations.items.until { list -> list.items.any { it.title == "Trip" } }
            .items.first { it.title == "Trip" }
        val his = bob.conversation(row.conversationId)
        hers.addParticipants(listOf(UserId("carol")))
        hers.setRole(UserId("bob"), Role.MODERATOR)
        his.participants.items.until { people ->
            people.items.associate { it.userId.value to it.role } ==
                mapOf("alice" to Role.ADMIN, "bob" to Role.MODERATOR, "carol" to Role.MEMBER)
        }
        his.setTitle("Bob's trip")
        hers.timeline().items.until { shown ->
            (shown.messages.lastOrNull()?.content as? MessageContent.System)?.notice ==
                Notice.TitleChanged("Bob's trip")
        }
        assertThrows<CommandException.NotAllowed> { his.setWriting(Writing.ADMINS) }
        hers.setWriting(Writing.ADMINS)
        hers.setContext(Context("order", "o-7", "Bicycle", """{"price":250}"""))
        val shown = bob.conversations.items.until { list ->
            list.items.any { it.writing == Writing.ADMINS && it.context != null }
        }.items.first { it.title == "Bob's trip" }
        assertEquals(Context("order", "o-7", "Bicycle", """{"price":250}"""), shown.context)
        assertThrows<CommandException.NotAllowed> { his.send("but") }
        hers.removeParticipant(UserId("carol"))
        his.leave()
        bob.conversations.items.until { list -> list.items.none { it.title == "Bob's trip" } }
        hers.participants.items.until { people -> people.items.map { it.userId } == listOf(UserId("alice")) }
    }

    @Test
    fun `settings and drafts`() = onStage { stage ->
        val alice = stage.signIn("alice")
        val tablet = stage.signIn("alice", "alice-tablet")
        val row = alice.conversations.items.until { it.items.size == 1 }.items.single()
        val chat = alice.conversation(row.conversationId)
        val until = Instant.fromEpochMilliseconds(4_000_000_000_000)
        chat.mute(until)
        chat.pin()
        chat.markUnread()
        chat.setDraft("what I wanted to s")
        tablet.conversations.items.until { list ->
            list.items.singleOrNull()?.settings?.let { it.mutedUntil == until && it.pinned && it.markedUnread } ?: false
        }
        assertEquals("", tablet.conversations.items.until { it.items.size == 1 }.items.single().draft)
        alice.conversations.items.until { it.items.single().draft == "what I wanted to s" }
        chat.archive()
        tablet.conversations.items.until { it.items.isEmpty() }
        tablet.conversations(Folder.ARCHIVE, UnreadFilter.ONLY_UNREAD, ConversationKind.GROUP)
            .items.until { it.items.size == 1 }
        chat.unarchive()
        chat.hide()
        alice.conversations.items.until { it.items.isEmpty() }
        chat.send("back again")
        alice.conversations.items.until { it.items.size == 1 }
    }

    @Test
    fun `somebody registers, and sees and ends their sessions`() = onStage { stage ->
        val dave = stage.open("dave")
        val taken = assertThrows<CommandException.Refused> {
            dave.register(UserId("alice"), "Alice too", "alices-password")
        }
        assertEquals(Code.UserExists, taken.problem.code)
        dave.register(UserId("dave"), "Dave", "daves-password")
        val tablet = stage.open("dave-tablet")
        tablet.signIn(UserId("dave"), "daves-password")
        val sessions = dave.account.fetchSessions()
        assertEquals(listOf(false, true), sessions.map { it.current })
        dave.account.endSession(sessions.first().sessionId)
        tablet.session.until { it is SessionState.Ended }
        dave.account.endOtherSessions()
        assertEquals(1, dave.account.fetchSessions().size)
    }

    @Test
    fun `a long list comes in pages, and one conversation is watched by itself`() = onStage { stage ->
        val alice = stage.signIn("alice")
        alice.setNetwork(NetworkState.UNAVAILABLE)
        val groups = (0 until 60).map { alice.createGroup("Group $it", listOf(UserId("bob"))) }
        val list = alice.conversations
        list.items.until { it.items.size == 50 }
        assertEquals(PageResult(hasMore = false), list.loadMore())
        list.items.until { it.items.size >= 60 }
        assertEquals(PageResult(hasMore = false), list.loadMore())
        groups.first().setTitle("The first")
        val first = groups.first().item.until { it?.title == "The first" }
        assertEquals(list.items.first().items.single { it.title == "The first" }.key, first?.key)
        alice.shutDown()
        assertThrows<WatchException.Closed> { list.loadMore() }
    }

    @Test
    fun `a new name and picture are seen by users who share a conversation`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        val (bob, _) = his
        bob.account.setName("Robert")
        bob.account.setAvatarUrl("https://example.com/robert.png")
        alice.conversations.items.until { list ->
            list.items.any { it.title == "Robert" && it.avatarUrl == "https://example.com/robert.png" }
        }
        bob.account.setAvatarUrl(null)
        hers.participants.items.until { people -> people.items.any { it.name == "Robert" && it.avatarUrl == null } }
    }
}
