/// The account of the user who is signed in. All of it needs the network, because only the server knows.
public struct Account: Sendable {
    let handle: ClientHandle

    /// Every session of this user, on all of their devices, the newest first. PROTOCOL.md §7.1.
    ///
    /// - Throws: `.unreachable`, `.signedOut`, `.cancelled`.
    public func fetchSessions() async throws(CommandError) -> [SessionInfo] {
        try await command { try await cancellable { try await handle.fetchSessions(cancel: $0) } }
    }

    /// Ends a session: its device is signed out, and keeps what is unsent until somebody signs in there
    /// again. PROTOCOL.md §7.1.
    ///
    /// - Throws: `.refused` with `.sessionNotFound`; `.unreachable`, `.signedOut`, `.cancelled`.
    public func endSession(_ session: SessionId) async throws(CommandError) {
        try await command { try await cancellable { try await handle.endSession(session: session, cancel: $0) } }
    }

    /// Ends every session but this one. PROTOCOL.md §7.1.
    ///
    /// - Throws: `.unreachable`, also when some of them have ended by then: ask again; `.signedOut`,
    ///   `.cancelled`.
    public func endOtherSessions() async throws(CommandError) {
        try await command { try await cancellable { try await handle.endOtherSessions(cancel: $0) } }
    }

    /// Says whether others see whether this user is there. PROTOCOL.md §3.11, §7.4.
    ///
    /// - Throws: `.unreachable`, `.signedOut`, `.cancelled`.
    public func setPresence(_ setting: PresenceSetting) async throws(CommandError) {
        try await command { try await cancellable { try await handle.setPresence(setting: setting, cancel: $0) } }
    }

    /// Gives the user another name: not blank, at most 200 bytes. Everyone who shares a conversation with
    /// them sees it at once. PROTOCOL.md §7.4.
    ///
    /// - Throws: `.refused` with `.paramsInvalid`; `.unreachable`, `.signedOut`, `.cancelled`.
    public func setName(_ name: String) async throws(CommandError) {
        try await command { try await cancellable { try await handle.setName(name: name, cancel: $0) } }
    }

    /// Says where the user's picture is: at most 2,048 bytes; nil for none. PROTOCOL.md §7.4.
    ///
    /// - Throws: `.refused` with `.paramsInvalid`; `.unreachable`, `.signedOut`, `.cancelled`.
    public func setAvatarUrl(_ url: String?) async throws(CommandError) {
        try await command { try await cancellable { try await handle.setAvatarUrl(url: url, cancel: $0) } }
    }

    /// Blocks somebody: neither of the two can write to the other, begin a conversation with them or add
    /// them to a group, and they do not see each other come and go. What they write in groups both are in
    /// is not affected. The same on all devices of this user, and told to nobody. PROTOCOL.md §7.4.
    ///
    /// - Throws: `.refused` with `.userNotFound`; `.unreachable`, `.cancelled`.
    public func block(_ user: UserId) async throws(CommandError) {
        try await command { try await cancellable { try await handle.block(user: user, cancel: $0) } }
    }

    /// Ends a block. PROTOCOL.md §7.4.
    ///
    /// - Throws: `.unreachable`, `.cancelled`.
    public func unblock(_ user: UserId) async throws(CommandError) {
        try await command { try await cancellable { try await handle.unblock(user: user, cancel: $0) } }
    }

    /// The users that this user has blocked, by id, as far as this device knows. Does not touch the network.
    public func blocked() async throws(CommandError) -> [UserId] {
        try await command { try await handle.blocked() }
    }

    /// Deletes the account, for good: what the user wrote is deleted for everyone, they leave every
    /// conversation, every device is signed out, and this store is wiped, with what is unsent. Nobody gets
    /// the user id again. PROTOCOL.md §7.4.
    ///
    /// - Throws: `.refused` with `.credentialsInvalid` for a wrong password, and nothing has changed then;
    ///   `.unreachable`, `.cancelled`.
    public func delete(password: String) async throws(CommandError) {
        try await command {
            try await cancellable { try await handle.deleteAccount(password: password, cancel: $0) }
        }
    }
}
