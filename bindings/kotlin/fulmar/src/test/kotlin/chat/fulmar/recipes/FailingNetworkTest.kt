package chat.fulmar.recipes

import chat.fulmar.Client
import chat.fulmar.MessageState
import chat.fulmar.UserId
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Path
import kotlin.time.Duration.Companion.seconds

/** A recipe: copy it into an app's tests. One server for all of them, a world of its own for each. */
class FailingNetworkTest {
    @TempDir
    lateinit var folder: Path
    private val world = World()

    @AfterEach
    fun end() = world.end()

    @Test
    fun `an answer that is lost does not double the message`() = runBlocking {
        val alice = Client.open(world.url, folder.resolve("alice.db").toString())
        alice.signIn(UserId("alice"), "alice-password")
        val chat = alice.createDirect(UserId("bob"))
        // The server applies the next message of Alice's, and the connection breaks before she hears of it.
        world.ask("POST", "faults", """{"at": {"outgoing": "outcome"}, "user": "alice", "then": "cut"}""")

        chat.send("only once")

        withTimeout(30.seconds) {
            chat.timeline().items.first { shown -> shown.messages.any { it.state == MessageState.Sent } }
        }
        val there = world.ask("GET", "users/bob/conversations")
        assertEquals(1, Regex("only once").findAll(there).count(), there)
        alice.close()
    }
}

/** A world of the mock server: users, clock and faults that no other test meets. */
private class World {
    private val id: String
    val url: String

    init {
        val told = Server.ask("POST", "/admin/worlds", """{"demo": true}""")
        id = Regex("\"world\":\"([^\"]+)\"").find(told)!!.groupValues[1]
        url = Regex("\"url\":\"([^\"]+)\"").find(told)!!.groupValues[1]
    }

    /** The admin API of this world. */
    fun ask(method: String, path: String, body: String = "") = Server.ask(method, "/admin/worlds/$id/$path", body)

    fun end() {
        Server.ask("DELETE", "/admin/worlds/$id")
    }
}

/** The program, once for all tests of this process; it ends with it. */
private object Server {
    private val http = HttpClient.newHttpClient()
    private val admin: String

    init {
        val program = System.getProperty("fulmar.mockServer") ?: "fulmar-mock-server"
        val process = ProcessBuilder(program, "--port", "0", "--stop-with-input", "--no-demo")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
        val lines = process.inputStream.bufferedReader().lineSequence()
        admin = lines.first { it.startsWith("admin on ") }.removePrefix("admin on ")
    }

    fun ask(method: String, path: String, body: String = ""): String {
        val request = HttpRequest.newBuilder(URI(admin + path))
            .header("content-type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build()
        val answer = http.send(request, HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() == 200) { answer.body() }
        return answer.body()
    }
}
