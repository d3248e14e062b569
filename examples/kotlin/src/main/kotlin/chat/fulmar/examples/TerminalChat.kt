package chat.fulmar.examples

import chat.fulmar.Client
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
    private lateinit var chat: Conversation
    private lateinit var timeline: Timeline
    private var shown: List<MessageItem> = emptyList()
    private var refused: OperationKey? = null
    private var showing: Job? = null

    suspend fun run() {
        chats = client.conversations.items.first { it.items.isNotEmpty() }.items
        open(chats.first().conversationId, chats.first().title)
        scope.launch { client.connection.collect { println("· ${describe(it)}") } }
        scope.launch {
            client.conversations.items.collect {
                chats = it.items
                explain()
            }
        }
        while (true) {
            val line = withContext(Dispatchers.IO) { readlnOrNull() }?.trim() ?: return
            if (line == "/quit") return
            try {
                obey(line)
            } catch (error: Exception) {
                println("! ${error.message}")
            }
        }
    }

    private suspend fun obey(line: String) {
        val argument = line.substringAfter(' ', "")
        when (line.substringBefore(' ')) {
            "" -> Unit
            "/list" -> chats.forEachIndexed { number, chat ->
                println("$number  ${chat.title} (${chat.unreadCount} unread)")
            }
            "/open" -> chats[argument.toInt()].let { open(it.conversationId, it.title) }
            "/direct" -> open(client.createDirect(UserId(argument)).id, argument)
            "/older" -> println(if (timeline.loadOlder().hasMore) "there is more" else "that is all")
            "/retry" -> client.outbox.retry(failed()).also { refused = null }
            "/discard" -> client.outbox.discard(failed())
            "/offline" -> client.setNetwork(NetworkState.UNAVAILABLE)
            "/online" -> client.setNetwork(NetworkState.AVAILABLE)
            else -> chat.send(line)
        }
    }

    private fun open(id: ConversationId, title: String) {
        showing?.cancel()
        println("— $title —")
        chat = client.conversation(id)
        timeline = chat.timeline()
        val printed = mutableMapOf<OperationKey, String>()
        showing = scope.launch {
            timeline.items.collect { snapshot ->
                shown = snapshot.messages
                shown.forEach { item -> if (printed.put(item.key, item.mark) != item.mark) print(item) }
                // What was printed was read.
                shown.mapNotNull { it.position }.maxOrNull()?.let { chat.markReadUpTo(it) }
            }
        }
    }

    private fun print(item: MessageItem) {
        println("${item.mark} ${item.sender}: ${item.text}")
        (item.state as? MessageState.Failed)?.let { println("  ${describe(it.reason)} — /retry or /discard") }
    }

    /** Says so when the server refused to create this conversation. */
    private fun explain() {
        val status = chats.find { it.conversationId == chat.id }?.status as? ConversationStatus.Failed ?: return
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
