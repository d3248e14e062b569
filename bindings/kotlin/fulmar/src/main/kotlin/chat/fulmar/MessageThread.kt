package chat.fulmar

/**
 * The messages under one message of a conversation. Costs nothing and need not be closed. There is a
 * thread as soon as somebody writes in it. PROTOCOL.md §4.6.
 */
public class MessageThread internal constructor(
    private val conversation: Conversation,
    private val client: Client,
    /** The message that it is under, which need not be sent yet. */
    public val root: OperationKey,
) {
    /**
     * Sends a message into the thread, as [Conversation.send] sends one beside it. PROTOCOL.md §5.4.
     *
     * @throws CommandException.NotAllowed under a message that is in a thread itself, or that the server
     *   wrote
     */
    public suspend fun send(message: NewMessage): OperationKey = conversation.send(message.copy(threadRoot = root))

    /** Sends a plain text; the same as [send] with a [NewMessage] of it. */
    public suspend fun send(text: String): OperationKey = send(NewMessage(text))

    /** The thread, live: the message that it is under, and those in it. */
    public fun timeline(): Timeline = Timeline(client.use { it.thread(conversation.id, root) })
}
