package chat.fulmar

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** The mock server as a program, with the demo's users and Carol, and a folder for stores. */
class Stage(vararg options: String) : AutoCloseable {
    val folder: Path = Files.createTempDirectory("fulmar")
    val url: String
    private val admin: String
    private val process: Process
    private val http = HttpClient.newHttpClient()

    init {
        val program = System.getProperty("fulmar.mockServer")
        process =
            ProcessBuilder(program, "--port", "0", "--stop-with-input", "--user", "carol:carol-password", *options)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
        val lines = process.inputStream.bufferedReader().lineSequence().iterator()
        admin = lines.next().removePrefix("admin on ")
        url = lines.next().removePrefix("listening on ")
    }

    fun store(device: String): String = folder.resolve("$device.db").toString()

    suspend fun open(
        device: String,
        config: Config = quick,
        tokenProvider: TokenProvider? = null,
        secretStorage: SecretStorage? = null,
    ): Client = Client.open(url, store(device), config, tokenProvider = tokenProvider, secretStorage = secretStorage)

    suspend fun signIn(user: String, device: String = user): Client =
        open(device).also { it.signIn(UserId(user), "$user-password") }

    /** `POST` to the admin API. */
    fun admin(path: String, body: String = "{}") {
        val answer = post("$admin/admin/worlds/main/$path", body)
        check(answer.statusCode() == 200) { answer.body() }
    }

    fun fault(rule: String) = admin("faults", rule)

    fun clearFaults() {
        val request = HttpRequest.newBuilder(URI("$admin/admin/worlds/main/faults")).DELETE().build()
        http.send(request, HttpResponse.BodyHandlers.discarding())
    }

    /** What the pushes that were recorded so far carry. */
    fun pushes(): List<String> {
        val request = HttpRequest.newBuilder(URI("$admin/admin/worlds/main/pushes")).GET().build()
        val answer = http.send(request, HttpResponse.BodyHandlers.ofString()).body()
        return Json.parseToJsonElement(answer).jsonObject["pushes"]!!.jsonArray
            .map { it.jsonObject["payload"].toString() }
    }

    /** An access token, as the app's own backend would get one. */
    fun accessToken(user: String): String {
        val body = """{"userId":"$user","password":"$user-password","deviceId":"backend"}"""
        val answer = post("$url/v1/auth/login", body).body()
        return Regex("\"accessToken\":\"([^\"]+)\"").find(answer)!!.groupValues[1]
    }

    private fun post(url: String, body: String): HttpResponse<String> {
        val request = HttpRequest.newBuilder(URI(url))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build()
        return http.send(request, HttpResponse.BodyHandlers.ofString())
    }

    override fun close() {
        process.destroy()
        process.waitFor()
        File(folder.toString()).deleteRecursively()
    }

    companion object {
        /** As patient as needed, and quick to try again. */
        val quick: Config = Config.Default.copy(
            backoff = Backoff(first = 20.milliseconds, cap = 200.milliseconds),
            answerTimeout = 1.seconds,
            tokenTimeout = 1.seconds,
        )
    }
}

/** Runs a test against a server of its own. Only a failing test takes a minute. */
fun onStage(vararg options: String, test: suspend CoroutineScope.(Stage) -> Unit) {
    Stage(*options).use { stage -> runBlocking { withTimeout(60.seconds) { test(stage) } } }
}

/** The first value that is as expected; says what was shown last when none comes. */
suspend fun <T> Flow<T>.until(expected: (T) -> Boolean): T {
    var last: T? = null
    try {
        return withTimeout(30.seconds) { onEach { last = it }.first(expected) }
    } catch (timeout: TimeoutCancellationException) {
        throw AssertionError("shown last: $last", timeout)
    }
}

/** Waits until the timeline shows exactly these texts, all of them sent. */
suspend fun Timeline.shows(vararg texts: String): TimelineSnapshot = items.until { snapshot ->
    snapshot.messages.map { it.text } == texts.toList() &&
        snapshot.messages.all { it.state == MessageState.Sent }
}

suspend fun Client.isLive() = connection.until { it == ConnectionState.Live }

/** Alice and Bob with their conversation, connected. */
suspend fun Stage.aliceAndBob(): Pair<Pair<Client, Conversation>, Pair<Client, Conversation>> {
    val alice = signIn("alice")
    val bob = signIn("bob")
    alice.isLive()
    bob.isLive()
    val hers = alice.createDirect(UserId("bob"))
    val list = bob.conversations.items.until { list -> list.items.any { it.title == "Alice" } }
    val his = bob.conversation(list.items.first { it.title == "Alice" }.conversationId)
    return (alice to hers) to (bob to his)
}

/** Looks again until it is so: for what no flow shows. */
suspend fun eventually(what: String, isSo: () -> Boolean) {
    repeat(600) {
        if (isSo()) return
        delay(50.milliseconds)
    }
    throw AssertionError("never: $what")
}
