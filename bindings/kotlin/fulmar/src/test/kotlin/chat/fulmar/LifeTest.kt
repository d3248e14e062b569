package chat.fulmar

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.File
import java.nio.file.Files
import kotlin.io.path.readText

class LifeTest {
    private val certificate = Files.createTempFile("fulmar", ".pem")

    @Test
    fun `a certificate that the app trusts is enough for https`() = onStage("--tls", "$certificate") { stage ->
        assertTrue(stage.url.startsWith("https://"))
        val alice = Client.open(stage.url, stage.store("alice"), trust = listOf(certificate.readText()))
        alice.signIn(UserId("alice"), "alice-password")
        alice.connection.until { it == ConnectionState.Live }
        val stranger = stage.open("stranger")
        assertThrows<CommandException.Unreachable> { stranger.signIn(UserId("bob"), "bob-password") }
        assertThrows<OpenException.Tls> {
            Client.open(stage.url, stage.store("none"), trust = listOf("no certificate"))
        }
    }

    @Test
    fun `a suspended client lets go of its store and takes up again`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        alice.suspend()
        stage.open("alice").shutDown()
        val key = async { hers.send("after") }
        alice.resume()
        key.await()
        his.second.timeline().shows("after")
    }

    private fun threads(): List<String> = File("/proc/self/task").listFiles().orEmpty()
        .mapNotNull { runCatching { File(it, "comm").readText().trim() }.getOrNull() }
        .filter { it.startsWith("fulmar") }

    private fun residentMiB(): Long = File("/proc/self/status").readLines()
        .first { it.startsWith("VmRSS") }.filter { it.isDigit() }.toLong() / 1024

    @Test
    fun `a cancelled collector closes its watcher in Rust`() = onStage { stage ->
        val (her, _) = stage.aliceAndBob()
        val (alice, chat) = her
        val before = Fulmar.diagnostics().watchers
        val timeline = chat.timeline()
        repeat(200) {
            // In the middle of waiting for something that does not come.
            val collectors = listOf(
                launch { timeline.items.collect {} },
                launch(Dispatchers.IO) { alice.conversations.items.collect {} },
                launch(Dispatchers.Default) { alice.connection.collect {} },
            )
            if (it % 2 == 0) timeline.items.first()
            collectors.forEach { collector -> collector.cancelAndJoin() }
        }
        eventually("no watchers left") { Fulmar.diagnostics().watchers == before }
        chat.send("all well")
        timeline.shows("all well")
        alice.shutDown()
    }

    @Test
    fun `thousands of clients come and go and leave nothing`() = onStage { stage ->
        val alice = stage.signIn("alice")
        val chat = alice.createDirect(UserId("bob"))
        chat.send("hello")
        chat.timeline().shows("hello")
        alice.shutDown()
        val clients = Fulmar.diagnostics().clients

        suspend fun round(times: Int) = repeat(times) {
            val client = stage.open("alice")
            client.conversation(chat.id).timeline().items.first()
            client.conversations.items.first()
            if (it % 2 == 0) client.shutDown() else client.close()
        }
        round(500)
        System.gc()
        val warm = residentMiB()
        round(1_500)
        eventually("no clients left") { Fulmar.diagnostics().clients <= clients }
        assertEquals(0, Fulmar.diagnostics().watchers)
        eventually("no threads left") { threads().isEmpty() }
        System.gc()
        val grown = residentMiB() - warm
        // What the JVM itself may take meanwhile; a leaked client would take a hundred times that.
        assertTrue(grown < 64, "grown by $grown MiB in 1,500 clients")
    }

    @Test
    fun `the log is pulled, and holds no secrets`() = onStage { stage ->
        val records = mutableListOf<LogRecord>()
        val log = launch(Dispatchers.Default) {
            Fulmar.log(LogLevel.TRACE).collect { batch -> synchronized(records) { records += batch } }
        }
        val alice = stage.signIn("alice")
        val chat = alice.createDirect(UserId("bob"))
        stage.admin("users/alice/revoke-sessions")
        alice.session.until { it is SessionState.Ended }
        chat.send("whispered")
        eventually("a record") { synchronized(records) { records.any { it.target.startsWith("fulmar") } } }
        alice.shutDown()
        withContext(Dispatchers.Default) { log.cancelAndJoin() }
        val text = synchronized(records) { records.joinToString { it.text } }
        assertTrue(!text.contains("whispered") && !text.contains("alice-password") && !text.contains("eyJ"), text)
    }
}
