package chat.fulmar

/** The account of the user who is signed in. All of it needs the network, because only the server knows. */
public class Account internal constructor(private val client: Client) {
    /**
     * Every session of this user, on all of their devices, the newest first. PROTOCOL.md §7.1.
     *
     * @throws CommandException.Unreachable
     * @throws CommandException.SignedOut
     */
    public suspend fun fetchSessions(): List<SessionInfo> = client.use { it.fetchSessions(null) }

    /**
     * Ends a session: its device is signed out, and keeps what is unsent until somebody signs in there
     * again. PROTOCOL.md §7.1.
     *
     * @throws CommandException.Refused with [Code.SessionNotFound]
     * @throws CommandException.Unreachable
     */
    public suspend fun endSession(session: SessionId): Unit = client.use { it.endSession(session, null) }

    /**
     * Ends every session but this one. PROTOCOL.md §7.1.
     *
     * @throws CommandException.Unreachable also when some of them have ended by then: ask again
     */
    public suspend fun endOtherSessions(): Unit = client.use { it.endOtherSessions(null) }

    /**
     * Says whether others see whether this user is there. PROTOCOL.md §3.11, §7.4.
     *
     * @throws CommandException.Unreachable
     * @throws CommandException.SignedOut
     */
    public suspend fun setPresence(setting: PresenceSetting): Unit = client.use { it.setPresence(setting, null) }

    /**
     * Gives the user another name: not blank, at most 200 bytes. Everyone who shares a conversation with
     * them sees it at once. PROTOCOL.md §7.4.
     *
     * @throws CommandException.Refused with [Code.ParamsInvalid]
     * @throws CommandException.Unreachable
     */
    public suspend fun setName(name: String): Unit = client.use { it.setName(name, null) }

    /** Says where the user's picture is: at most 2,048 bytes; null for none. PROTOCOL.md §7.4. */
    public suspend fun setAvatarUrl(url: String?): Unit = client.use { it.setAvatarUrl(url, null) }

    /**
     * Blocks somebody: neither of the two can write to the other, begin a conversation with them or add
     * them to a group, and they do not see each other come and go. What they write in groups both are in
     * is not affected. The same on all devices of this user, and told to nobody. PROTOCOL.md §7.4.
     *
     * @throws CommandException.Refused with [Code.UserNotFound]
     * @throws CommandException.Unreachable
     */
    public suspend fun block(user: UserId): Unit = client.use { it.block(user, null) }

    /** Ends a block. PROTOCOL.md §7.4. */
    public suspend fun unblock(user: UserId): Unit = client.use { it.unblock(user, null) }

    /** The users that this user has blocked, by id, as far as this device knows. Does not touch the network. */
    public suspend fun blocked(): List<UserId> = client.use { it.blocked() }

    /**
     * Deletes the account, for good: what the user wrote is deleted for everyone, they leave every
     * conversation, every device is signed out, and this store is wiped, with what is unsent. Nobody gets
     * the user id again. PROTOCOL.md §7.4.
     *
     * @throws CommandException.Refused with [Code.CredentialsInvalid] for a wrong password; nothing has
     *   changed then
     * @throws CommandException.Unreachable
     */
    public suspend fun delete(password: String): Unit = client.use { it.deleteAccount(password, null) }
}
