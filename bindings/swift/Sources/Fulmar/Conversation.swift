/// One conversation. Costs nothing: it holds the client and an id.
public struct Conversation: Sendable, CustomStringConvertible {
    let client: Client

    /// The id by which it was asked for.
    public let id: ConversationId

    /// Sends a message: a text, and what goes with it. When this returns, the message is on this device
    /// for good: it survives a crash and a power cut, is in every timeline, and goes out by itself, in
    /// order, once. The network is not waited for. The text is not blank, except beside attachments, and has
    /// at most 8 KiB, or what the server allows. PROTOCOL.md §5.4.
    ///
    /// Attachments are copied first, which takes as long as the disk needs; then they go up by themselves, and
    /// the message after them, in its place (`.uploading` says how far they are). To call that off, discard
    /// the operation (`Outbox.discard`).
    ///
    /// - Returns: the message's key, under which timelines show it
    /// - Throws: `.invalid` for the text or an attachment; `.fileUnreadable`, `.noSuchConversation`, `.outboxFull`, `.signedOut`;
    ///   `.notAllowed` where only admins write; `.store` when the disk is full. Whatever it throws, the
    ///   message was not taken.
    @discardableResult
    public func send(_ message: NewMessage) async throws(CommandError) -> OperationKey {
        try await command { try await client.handle.send(conversation: id, message: message) }
    }

    /// Sends a file, and nothing more to say; the same as `send` with a `NewMessage` of it.
    @discardableResult
    public func send(_ attachment: NewAttachment) async throws(CommandError) -> OperationKey {
        try await send(NewMessage(text: "", attachments: [attachment]))
    }

    /// Sends a plain text; the same as `send` with a `NewMessage` of it.
    @discardableResult
    public func send(_ text: String) async throws(CommandError) -> OperationKey {
        try await send(NewMessage(text: text))
    }

    /// Sends here what a message of any conversation says, with the name of who wrote it first. Works
    /// offline, as `send` does. PROTOCOL.md §5.4.
    ///
    /// - Throws: `.noSuchMessage`; `.notAllowed` for one that is not sent yet.
    @discardableResult
    public func forward(_ message: OperationKey) async throws(CommandError) -> OperationKey {
        try await command { try await client.handle.forward(conversation: id, message: message) }
    }

    /// The messages, live.
    ///
    /// - Throws: `.closed`; `.invalid` for an impossible id.
    public func timeline() throws(CommandError) -> Timeline {
        Timeline(handle: try now { try client.handle.timeline(conversation: id) })
    }

    /// The messages around one of them: a search result, what a reply answers, the first of a day. Needs
    /// the network unless that message is on this device. PROTOCOL.md §7.5.
    ///
    /// - Throws: `.noSuchConversation`; `.refused` for a message that is not in it; `.unreachable`,
    ///   `.cancelled`.
    public func timelineAround(_ anchor: Anchor) async throws(CommandError) -> Timeline {
        let handle = try await command {
            try await cancellable {
                try await client.handle.timelineAround(conversation: id, anchor: anchor, cancel: $0)
            }
        }
        return Timeline(handle: handle)
    }

    /// The thread under a message.
    public func thread(_ root: OperationKey) -> MessageThread { MessageThread(conversation: self, root: root) }

    /// Marks everything up to a position as read, on this device at once and at the server when it can
    /// be reached. The pointer only grows, and not beyond what has arrived: an own message can have its place
    /// before messages of others that are before it are here, and these stay unread. PROTOCOL.md §5.5.
    ///
    /// - Throws: `.noSuchConversation`, `.signedOut`, `.outboxFull`.
    public func markReadUpTo(_ position: Position) async throws(CommandError) {
        try await command { try await client.handle.markReadUpTo(conversation: id, position: position) }
    }

    /// Says that the user pressed a key. Call it for each key: the server is told at most every two
    /// seconds. It is told that the user has stopped when there was no key for one second, or a message
    /// was sent. Returns at once. PROTOCOL.md §3.10.
    public func keystroke() {
        // A closed client has nobody to tell.
        try? client.handle.keystroke(conversation: id)
    }

    /// Says that the user has stopped typing, if that is known before the second is over.
    public func stopTyping() {
        try? client.handle.stopTyping(conversation: id)
    }

    /// The other users who are typing here, live. A user whose signal is older than three seconds is not
    /// among them; without a connection the list is empty. PROTOCOL.md §3.10.
    public var typingUsers: Live<[UserId]> {
        Live { [handle = client.handle, id] in try handle.watchTyping(conversation: id) }
    }

    /// The conversation itself, live: its title and picture, who may write, what it is about, what the user has
    /// set for it, how much is unread; also while it is in the archive or hidden. `nil` while there is no such
    /// conversation on this device. Reads the device only.
    public var item: Live<ConversationItem?> {
        Live { [client, id] in try client.handle.watchConversation(conversation: id) }
    }

    /// Who takes part, live: roles, and how far each has come.
    public var participants: ParticipantList {
        ParticipantList(handle: client.handle, conversation: id)
    }

    /// The pinned messages, live: the newest pin first. PROTOCOL.md §4.9.
    public var pinnedMessages: PinnedMessages {
        PinnedMessages(handle: client.handle, conversation: id)
    }

    public var description: String { "Conversation(\(id))" }
}
