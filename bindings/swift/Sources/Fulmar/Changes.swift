import Foundation

/// What can be done to messages.
extension Conversation {
    /// Changes what an own message says: its text and the users it mentions. Shown at once, also offline; a
    /// message that has not left the device simply says it from the start. If the server refuses, the
    /// message says again what it said. PROTOCOL.md §5.7.
    ///
    /// - Throws: `.noSuchMessage`, also for one that was deleted; `.notAllowed` for messages of others,
    ///   notices and forwarded ones; `.invalid` for the text.
    public func edit(_ message: OperationKey, _ edited: NewMessage) async throws(CommandError) {
        try await change(.edit(message: message, edited: edited))
    }

    /// Changes the text; the same as `edit` with a `NewMessage` of it.
    public func edit(_ message: OperationKey, _ text: String) async throws(CommandError) {
        try await edit(message, NewMessage(text: text))
    }

    /// Deletes a message for everyone; it is shown as deleted. Own ones, and those of others for
    /// moderators and admins. Works offline; one that has not left the device vanishes.
    /// PROTOCOL.md §5.8.
    ///
    /// - Throws: `.noSuchMessage`, `.notAllowed`.
    public func deleteForEveryone(_ message: OperationKey) async throws(CommandError) {
        try await change(.deleteForEveryone(message: message))
    }

    /// Takes a message off the screens of this user, on all of their devices. Works offline.
    /// PROTOCOL.md §5.8.
    ///
    /// - Throws: `.noSuchMessage`.
    public func deleteForMe(_ message: OperationKey) async throws(CommandError) {
        try await change(.deleteForMe(message: message))
    }

    /// Pins a message for everyone: it is in `pinnedMessages`, and a notice tells of it. In a group members pin their
    /// own messages, moderators and admins all; in a direct conversation both people pin all. At most 50 messages are
    /// pinned at a time. Works offline. One that is pinned already stays as it is. PROTOCOL.md §5.13.
    ///
    /// - Throws: `.noSuchMessage`, also for one that was deleted; `.notAllowed` with `.notPinnable`, `.tooManyPinned`
    ///   or `.adminsOnly`.
    public func pinMessage(_ message: OperationKey) async throws(CommandError) {
        try await change(.pinMessage(message: message))
    }

    /// Unpins a message for everyone, no matter who pinned it. Works offline. PROTOCOL.md §5.13.
    public func unpinMessage(_ message: OperationKey) async throws(CommandError) {
        try await change(.unpinMessage(message: message))
    }

    /// Reacts with an emoji; several per message are fine. Works offline. PROTOCOL.md §5.9.
    ///
    /// - Throws: `.noSuchMessage`; `.invalid` for what is no emoji; `.notAllowed` where only admins
    ///   write.
    public func addReaction(_ message: OperationKey, _ emoji: String) async throws(CommandError) {
        try await change(.addReaction(message: message, emoji: emoji))
    }

    /// Takes an own reaction back. Works offline. PROTOCOL.md §5.9.
    public func removeReaction(_ message: OperationKey, _ emoji: String) async throws(CommandError) {
        try await change(.removeReaction(message: message, emoji: emoji))
    }

    /// All that a message ever said, oldest first; nothing when it was deleted. Needs the network,
    /// because only the server remembers. PROTOCOL.md §7.5.
    ///
    /// - Throws: `.noSuchMessage`, `.unreachable`, `.cancelled`.
    public func fetchVersions(_ message: OperationKey) async throws(CommandError) -> [MessageVersion] {
        try await command {
            try await cancellable {
                try await client.handle.fetchVersions(conversation: id, message: message, cancel: $0)
            }
        }
    }
}

/// What can be done to a conversation. All of it works offline; when the server refuses, it is as it was.
extension Conversation {
    /// Gives a group another title: not blank, at most 200 bytes. For moderators and admins.
    /// PROTOCOL.md §5.10.
    ///
    /// - Throws: `.invalid`, `.notAllowed`.
    public func setTitle(_ title: String) async throws(CommandError) {
        try await change(.setTitle(title: title))
    }

    /// Says where the picture of a group is; nil for none. For moderators and admins.
    public func setAvatarUrl(_ url: String?) async throws(CommandError) {
        try await change(.setAvatarUrl(url: url))
    }

    /// Says who may write in a group. For admins. PROTOCOL.md §4.4.
    public func setWriting(_ writing: Writing) async throws(CommandError) {
        try await change(.setWriting(writing: writing))
    }

    /// Says what the conversation is about. In a group for admins. PROTOCOL.md §5.10.
    public func setContext(_ context: Context) async throws(CommandError) {
        try await change(.setContext(context: context))
    }

    /// Adds people to a group. For admins. PROTOCOL.md §5.11.
    public func addParticipants(_ users: [UserId]) async throws(CommandError) {
        try await change(.addParticipants(users: users))
    }

    /// Removes somebody from a group. For admins. PROTOCOL.md §5.11.
    public func removeParticipant(_ user: UserId) async throws(CommandError) {
        try await change(.removeParticipant(user: user))
    }

    /// Gives somebody another role. For admins; the last one stays one. PROTOCOL.md §5.11.
    public func setRole(_ user: UserId, _ role: Role) async throws(CommandError) {
        try await change(.setRole(user: user, role: role))
    }

    /// Leaves a group; it is out of the list at once. PROTOCOL.md §5.11.
    public func leave() async throws(CommandError) { try await change(.leave) }

    /// No notifications from here until then; nil for good. On all devices. PROTOCOL.md §4.5.
    public func mute(until: Date?) async throws(CommandError) { try await change(.mute(until: until)) }

    /// Notifications again. PROTOCOL.md §4.5.
    public func unmute() async throws(CommandError) { try await change(.unmute) }

    /// Puts it above the others in this user's list. PROTOCOL.md §4.5.
    public func pin() async throws(CommandError) { try await change(.pin) }

    /// Puts it among the others again. PROTOCOL.md §4.5.
    public func unpin() async throws(CommandError) { try await change(.unpin) }

    /// Puts it into this user's archive, where new messages leave it. PROTOCOL.md §4.5.
    public func archive() async throws(CommandError) { try await change(.archive) }

    /// Takes it out of the archive. PROTOCOL.md §4.5.
    public func unarchive() async throws(CommandError) { try await change(.unarchive) }

    /// Takes it out of this user's lists until the next message. PROTOCOL.md §4.5.
    public func hide() async throws(CommandError) { try await change(.hide) }

    /// Shows it as unread until this user reads in it. The counts do not change. PROTOCOL.md §4.5.
    public func markUnread() async throws(CommandError) { try await change(.markUnread) }

    /// Keeps what the user has begun to write, on this device; empty for none.
    public func setDraft(_ text: String) async throws(CommandError) {
        try await change(.setDraft(text: text))
    }

    private func change(_ change: ForeignChange) async throws(CommandError) {
        try await command { try await client.handle.change(conversation: id, change: change) }
    }
}
