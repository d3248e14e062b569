/// The messages under one message of a conversation. Costs nothing. There is a thread as soon as somebody
/// writes in it. PROTOCOL.md §4.6.
public struct MessageThread: Sendable {
    let conversation: Conversation

    /// The message that it is under, which need not be sent yet.
    public let root: OperationKey

    /// Sends a message into the thread, as `Conversation.send` sends one beside it. PROTOCOL.md §5.4.
    ///
    /// - Throws: `.notAllowed` under a message that is in a thread itself, or that the server wrote.
    @discardableResult
    public func send(_ message: NewMessage) async throws(CommandError) -> OperationKey {
        var message = message
        message.threadRoot = root
        return try await conversation.send(message)
    }

    /// Sends a plain text; the same as `send` with a `NewMessage` of it.
    @discardableResult
    public func send(_ text: String) async throws(CommandError) -> OperationKey {
        try await send(NewMessage(text: text))
    }

    /// The thread, live: the message that it is under, and those in it.
    ///
    /// - Throws: `.closed`.
    public func timeline() throws(CommandError) -> Timeline {
        let client = conversation.client
        return Timeline(handle: try now { try client.handle.thread(conversation: conversation.id, root: root) })
    }
}
