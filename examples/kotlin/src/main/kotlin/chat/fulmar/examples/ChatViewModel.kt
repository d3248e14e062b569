package chat.fulmar.examples

import chat.fulmar.Client
import chat.fulmar.CommandException
import chat.fulmar.ConnectionState
import chat.fulmar.ConversationId
import chat.fulmar.MessageItem
import chat.fulmar.MessageState
import chat.fulmar.OperationKey
import chat.fulmar.UserId
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.stateIn
import kotlinx.coroutines.launch

/** What a chat screen shows. */
data class ChatState(
    /** Oldest first; list them by their key. */
    val messages: List<MessageItem> = emptyList(),
    /** What to say about the connection; nothing while all is well. */
    val banner: String? = null,
    /** What went wrong with the last thing that the user did. */
    val complaint: String? = null,
    /** Whether the first message of the conversation is on the screen. */
    val isComplete: Boolean = false,
)

/**
 * A chat screen without the screen: in an app it is an `androidx.lifecycle.ViewModel`, and [scope] its
 * `viewModelScope`. There is nothing to load and nothing to refresh.
 */
class ChatViewModel(
    private val client: Client,
    private val me: UserId,
    id: ConversationId,
    private val scope: CoroutineScope,
) {
    private val chat = client.conversation(id)
    private val timeline = chat.timeline()
    private val complaint = MutableStateFlow<String?>(null)
    private val isComplete = MutableStateFlow(false)

    /** Live while somebody looks, and for five seconds more: as long as a rotation takes. */
    val state: StateFlow<ChatState> =
        combine(timeline.items, client.connection, complaint, isComplete) { shown, connection, complaint, complete ->
            ChatState(shown.messages, banner(connection), complaint, complete)
        }.stateIn(scope, SharingStarted.WhileSubscribed(5_000), ChatState())

    fun isMine(message: MessageItem): Boolean = message.sender == me

    /** What is on the screen has been read. */
    fun onSeen() = act {
        state.value.messages.mapNotNull { it.position }.maxOrNull()?.let { chat.markReadUpTo(it) }
    }

    fun onSend(text: String) = act { chat.send(text) }

    fun onReachedTop() = act { isComplete.value = !timeline.loadOlder().hasMore }

    fun onRetry(message: OperationKey) = act { client.outbox.retry(message) }

    /** It may be at the server by now: it goes all the same. */
    fun onDiscard(message: OperationKey) = act { client.outbox.discardOrDelete(message) }

    private fun act(work: suspend () -> Unit) {
        scope.launch {
            complaint.value = try {
                work()
                null
            } catch (error: CommandException) {
                error.message
            }
        }
    }

    private fun banner(connection: ConnectionState): String? = when (connection) {
        ConnectionState.Live, ConnectionState.CatchingUp, is ConnectionState.Polling -> null
        ConnectionState.Offline -> "No network. Messages wait."
        is ConnectionState.Connecting, is ConnectionState.Waiting -> "Connecting…"
        ConnectionState.SignedOut -> "Signed out."
    }
}

/** The mark beside an own message. */
val MessageState.mark: String
    get() = when (this) {
        is MessageState.Uploading -> "${100 * sent / total.coerceAtLeast(1)} %"
        MessageState.Pending, MessageState.Sending -> "🕓"
        MessageState.Unconfirmed -> "?"
        MessageState.Sent -> "✓"
        is MessageState.Failed -> "⚠"
    }
