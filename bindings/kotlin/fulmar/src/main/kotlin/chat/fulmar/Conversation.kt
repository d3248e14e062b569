package chat.fulmar

/** One conversation. Costs nothing and need not be closed: it holds nothing but the id. */
public class Conversation internal constructor(
    private val client: Client,
    /** The id by which it was asked for. */
    public val id: ConversationId,
) {
    /**
     * Sends a message. When this returns, the message is on this device for good: it survives a crash
     * and a power cut, is in every timeline, and goes out by itself, in order, once. The network is not
     * waited for. The text is not blank and has at most 8 KiB, or what the server allows.
     * PROTOCOL.md §5.4.
     *
     * @return the message's key, under which timelines show it
     * @throws CommandException.Invalid for the text
     * @throws CommandException.NoSuchConversation
     * @throws CommandException.OutboxFull
     * @throws CommandException.SignedOut
     * @throws CommandException.Store when the disk is full. Whatever it throws, the message was not
     *   taken.
     */
    public suspend fun send(text: String): OperationKey = client.use { it.send(id, text) }

    /** The messages, live. */
    public fun timeline(): Timeline = Timeline(client.use { it.timeline(id) })

    /**
     * Marks everything up to a position as read, on this device at once and at the server when it can
     * be reached. The pointer only grows. PROTOCOL.md §5.5.
     *
     * @throws CommandException.NoSuchConversation
     * @throws CommandException.SignedOut
     * @throws CommandException.OutboxFull
     */
    public suspend fun markReadUpTo(position: Position): Unit =
        client.use { it.markReadUpTo(id, position) }

    override fun toString(): String = "Conversation($id)"
}
