package chat.fulmar.examples

import chat.fulmar.Client
import chat.fulmar.CommandException
import chat.fulmar.ConnectionState
import chat.fulmar.Conversation
import chat.fulmar.ConversationId
import chat.fulmar.ConversationItem
import chat.fulmar.ConversationStatus
import chat.fulmar.FailureReason
import chat.fulmar.MessageItem
import chat.fulmar.MessageState
import chat.fulmar.NetworkState
import chat.fulmar.OperationKey
import chat.fulmar.SessionState
import chat.fulmar.Timeline
import chat.fulmar.UserId
import chat.fulmar.text
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import java.io.File

/**
 * A chat in a terminal, against a running server: `--user alice --password alice-password`, and
 * `--server URL` or `--store FILE` for others than the usual.
 *
 * What you type is sent. `/list` shows the conversations, `/open NUMBER` goes to one, `/direct NAME`
 * talks to a person, `/older` shows older messages, `/retry` and `/discard` deal with a failed message,
 * `/offline` and `/online` play with the network, `/quit` leaves. Kill it whenever you like.
 */
fun main(arguments: Array<String>) = runBlocking {
    val options = arguments.toList().chunked(2).associate { it.first().removePrefix("--") to it.last() }
    val user = requireNotNull(options["user"]) { "--user is needed" }
    val store = options["store"] ?: File(System.getProperty("java.io.tmpdir"), "fulmar-$user.db").path
    Client.open(options["server"] ?: "http://127.0.0.1:4000", store).use { client ->
        if (client.currentSession !is SessionState.SignedIn) {
            client.signIn(UserId(user), requireNotNull(options["password"]) { "--password is needed to sign in" })
        }
        val terminal = Terminal(client, this)
        terminal.run()
        coroutineContext.cancelChildren()
        client.shutDown()
    }
}

/** What is on the terminal, which cannot take back what it has printed: each state of each message is
 * printed once. */
private class Terminal(private val client: Client, private val scope: CoroutineScope) {
    private var chats: List<ConversationItem> = emptyList()
    private var screen: Screen? = null
    private var shown: List<MessageItem> = emptyList()
    private var refused: OperationKey? = null

    /** One thing at a time: a list that changes while a command runs waits for it. */
    private val turn = Mutex()

    suspend fun run() {
        // The first list is what there is, at once.
        chats = client.conversations.items.first().items
        if (!goToTheFirst()) println("no conversation yet: /direct NAME begins one, /quit leaves")
        scope.launch { client.connection.collect { println("· ${describe(it)}") } }
        scope.launch {
            client.conversations.items.collect {
                turn.withLock {
                    chats = it.items
                    screen?.let(::explain) ?: goToTheFirst()
                }
            }
        }
        while (true) {
            val line = withContext(Dispatchers.IO) { readlnOrNull() }?.trim() ?: return
            if (line == "/quit") return
            try {
                turn.withLock { obey(line) }
            } catch (error: Exception) {
                println("! ${error.message}")
            }
        }
    }

    /** Opens the first conversation, if there is one. */
    private fun goToTheFirst(): Boolean {
        val chat = chats.firstOrNull() ?: return false
        open(chat.conversationId, chat.title)
        return true
    }

    private suspend fun obey(line: String) {
        val argument = line.substringAfter(' ', "")
        when (line.substringBefore(' ')) {
            "" -> Unit
            "/list" -> chats.forEachIndexed { number, chat ->
                println("$number  ${chat.title} (${chat.unreadCount} unread)")
            }
            "/open" -> checkNotNull(chats.getOrNull(argument.toInt())) { "no such number" }
                .let { open(it.conversationId, it.title) }
            "/direct" -> open(client.createDirect(UserId(argument)).id, argument)
            "/offline" -> client.setNetwork(NetworkState.UNAVAILABLE)
            "/online" -> client.setNetwork(NetworkState.AVAILABLE)
            else -> obeyHere(checkNotNull(screen) { "no conversation is open: /direct NAME begins one" }, line)
        }
    }

    /** What is about the conversation on the screen. */
    private suspend fun obeyHere(screen: Screen, line: String) {
        when (line.substringBefore(' ')) {
            "/older" -> println(if (screen.timeline.loadOlder().hasMore) "there is more" else "that is all")
            "/retry" -> client.outbox.retry(failed()).also { refused = null }
            "/discard" -> client.outbox.discard(failed())
            else -> screen.chat.send(line)
        }
    }

    private fun open(id: ConversationId, title: String) {
        screen?.showing?.cancel()
        println("— $title —")
        val chat = client.conversation(id)
        val timeline = chat.timeline()
        val printed = mutableMapOf<OperationKey, String>()
        val showing = scope.launch {
            timeline.items.collect { snapshot ->
                shown = snapshot.messages
                shown.forEach { item -> if (printed.put(item.key, item.mark) != item.mark) print(item) }
                // What was printed was read.
                val newest = shown.mapNotNull { it.position }.maxOrNull() ?: return@collect
                try {
                    chat.markReadUpTo(newest)
                } catch (error: CommandException) {
                    // The conversation may be gone by now.
                    println("! ${error.message}")
                }
            }
        }
        screen = Screen(chat, timeline, showing)
    }

    private fun print(item: MessageItem) {
        println("${item.mark} ${item.sender}: ${item.text}")
        (item.state as? MessageState.Failed)?.let { println("  ${describe(it.reason)} — /retry or /discard") }
    }

    /** Says so when the server refused to create this conversation. */
    private fun explain(screen: Screen) {
        val status = chats.find { it.conversationId == screen.chat.id }?.status as? ConversationStatus.Failed ?: return
        if (status.operation != refused) {
            println("✗ this conversation: ${describe(status.reason)} — /retry or /discard")
            refused = status.operation
        }
    }

    private fun failed(): OperationKey =
        checkNotNull(shown.find { it.state is MessageState.Failed }?.key ?: refused) { "nothing failed" }

    private val MessageItem.mark: String
        get() = when (state) {
            MessageState.Pending -> "…"
            is MessageState.Uploading -> "⇡"
            MessageState.Sending -> "↑"
            MessageState.Unconfirmed -> "?"
            MessageState.Sent -> "✓"
            is MessageState.Failed -> "✗"
        }
}

/** The conversation that is open. */
private class Screen(val chat: Conversation, val timeline: Timeline, val showing: Job)

private fun describe(reason: FailureReason): String = when (reason) {
    is FailureReason.Refused -> reason.problem.title
    FailureReason.FileLost -> "its file is gone"
    FailureReason.RootGivenUp -> "the message that it answers was given up"
    FailureReason.OutcomeUnknown -> "nobody knows whether it arrived"
}

private fun describe(state: ConnectionState): String = when (state) {
    ConnectionState.SignedOut -> "signed out"
    ConnectionState.Offline -> "offline"
    is ConnectionState.Connecting -> "connecting (try ${state.attempt})"
    ConnectionState.CatchingUp -> "catching up"
    ConnectionState.Live -> "live"
    is ConnectionState.Polling -> "over HTTP, because ${state.reason}"
    is ConnectionState.Waiting -> "waiting: ${state.reason}"
}
