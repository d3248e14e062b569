package chat.fulmar

/** The account of whoever is signed in. All of it needs the network, because only the server knows. */
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
    public suspend fun setPresence(setting: PresenceSetting): Unit =
        client.use { it.setPresence(setting, null) }

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
}
