package chat.fulmar

import kotlinx.coroutines.flow.Flow

/** One conversation. Costs nothing and need not be closed: it holds nothing but the id. */
public class Conversation internal constructor(
    private val client: Client,
    /** The id by which it was asked for. */
    public val id: ConversationId,
) {
    /**
     * Sends a message: a text, and what goes with it. When this returns, the message is on this device
     * for good: it survives a crash and a power cut, is in every timeline, and goes out by itself, in
     * order, once. The network is not waited for. The text is not blank, except beside attachments, and
     * has at most 8 KiB, or what the server allows. PROTOCOL.md §5.4.
     *
     * Attachments are copied first, which takes as long as the disk needs; then they go up by themselves,
     * and the message after them, in its place ([MessageState.Uploading] says how far they are). To call
     * that off, discard the operation ([Outbox.discard]).
     *
     * @return the message's key, under which timelines show it
     * @throws CommandException.Invalid for the text or an attachment
     * @throws CommandException.FileUnreadable
     * @throws CommandException.NoSuchConversation
     * @throws CommandException.NotAllowed where only admins write
     * @throws CommandException.OutboxFull
     * @throws CommandException.SignedOut
     * @throws CommandException.Store when the disk is full. Whatever it throws, the message was not
     *   taken.
     */
    public suspend fun send(message: NewMessage): OperationKey = client.use { it.send(id, message) }

    /** Sends a file, and nothing more to say; the same as [send] with a [NewMessage] of it. */
    public suspend fun send(attachment: NewAttachment): OperationKey =
        send(NewMessage("", attachments = listOf(attachment)))

    /** Sends a plain text; the same as [send] with a [NewMessage] of it. */
    public suspend fun send(text: String): OperationKey = send(NewMessage(text))

    /**
     * Sends here what a message of any conversation says, with the name of who wrote it first. Works
     * offline, as [send] does. PROTOCOL.md §5.4.
     *
     * @throws CommandException.NoSuchMessage
     * @throws CommandException.NotAllowed for one that is not sent yet
     */
    public suspend fun forward(message: OperationKey): OperationKey = client.use { it.forward(id, message) }

    /**
     * Changes what an own message says: its text and the users it mentions. Shown at once, also offline; a
     * message that has not left the device simply says it from the start. If the server refuses, the
     * message says again what it said. PROTOCOL.md §5.7.
     *
     * @throws CommandException.NoSuchMessage also for one that was deleted
     * @throws CommandException.NotAllowed for messages of others, notices and forwarded ones
     * @throws CommandException.Invalid for the text
     */
    public suspend fun edit(message: OperationKey, edited: NewMessage): Unit =
        change(ForeignChange.Edit(message, edited))

    /** Changes the text; the same as [edit] with a [NewMessage] of it. */
    public suspend fun edit(message: OperationKey, text: String): Unit = edit(message, NewMessage(text))

    /**
     * Deletes a message for everyone; it is shown as deleted. Own ones, and those of others for
     * moderators and admins. Works offline; one that has not left the device vanishes. PROTOCOL.md §5.8.
     *
     * @throws CommandException.NoSuchMessage
     * @throws CommandException.NotAllowed
     */
    public suspend fun deleteForEveryone(message: OperationKey): Unit = change(ForeignChange.DeleteForEveryone(message))

    /**
     * Takes a message off the screens of this user, on all of their devices. Works offline.
     * PROTOCOL.md §5.8.
     *
     * @throws CommandException.NoSuchMessage
     */
    public suspend fun deleteForMe(message: OperationKey): Unit = change(ForeignChange.DeleteForMe(message))

    /**
     * Pins a message for everyone: it is in [pinnedMessages], and a notice tells of it. In a group members pin their
     * own messages, moderators and admins all; in a direct conversation both people pin all. At most 50 messages are
     * pinned at a time. Works offline. One that is pinned already stays as it is. PROTOCOL.md §5.13.
     *
     * @throws CommandException.NoSuchMessage also for one that was deleted
     * @throws CommandException.NotAllowed with [Rule.NOT_PINNABLE], [Rule.TOO_MANY_PINNED] or [Rule.ADMINS_ONLY]
     */
    public suspend fun pinMessage(message: OperationKey): Unit = change(ForeignChange.PinMessage(message))

    /** Unpins a message for everyone, no matter who pinned it. Works offline. PROTOCOL.md §5.13. */
    public suspend fun unpinMessage(message: OperationKey): Unit = change(ForeignChange.UnpinMessage(message))

    /**
     * Reacts with an emoji; several per message are fine. Works offline. PROTOCOL.md §5.9.
     *
     * @throws CommandException.NoSuchMessage
     * @throws CommandException.Invalid for what is no emoji
     * @throws CommandException.NotAllowed where only admins write
     */
    public suspend fun addReaction(message: OperationKey, emoji: String): Unit =
        change(ForeignChange.AddReaction(message, emoji))

    /** Takes an own reaction back. Works offline. PROTOCOL.md §5.9. */
    public suspend fun removeReaction(message: OperationKey, emoji: String): Unit =
        change(ForeignChange.RemoveReaction(message, emoji))

    /**
     * All that a message ever said, oldest first; nothing when it was deleted. Needs the network,
     * because only the server remembers. PROTOCOL.md §7.5.
     *
     * @throws CommandException.NoSuchMessage
     * @throws CommandException.Unreachable
     */
    public suspend fun fetchVersions(message: OperationKey): List<MessageVersion> =
        client.use { it.fetchVersions(id, message, null) }

    /** The messages, live. */
    public fun timeline(): Timeline = Timeline(client.use { it.timeline(id) })

    /**
     * The messages around one of them: a search result, what a reply answers, the first of a day. Needs
     * the network unless that message is on this device. PROTOCOL.md §7.5.
     *
     * @throws CommandException.NoSuchConversation
     * @throws CommandException.Refused for a message that is not in it
     * @throws CommandException.Unreachable
     */
    public suspend fun timelineAround(anchor: Anchor): Timeline =
        Timeline(client.use { it.timelineAround(id, anchor, null) })

    /** The thread under a message. */
    public fun thread(root: OperationKey): MessageThread = MessageThread(this, client, root)

    /**
     * Marks everything up to a position as read, on this device at once and at the server when it can
     * be reached. The pointer only grows, and not beyond what has arrived: an own message can have its place
     * before messages of others that are before it are here, and these stay unread. PROTOCOL.md §5.5.
     *
     * @throws CommandException.NoSuchConversation
     * @throws CommandException.SignedOut
     * @throws CommandException.OutboxFull
     */
    public suspend fun markReadUpTo(position: Position): Unit = client.use { it.markReadUpTo(id, position) }

    /**
     * Says that the user pressed a key. Call it for each key: the server is told at most every two
     * seconds. It is told that the user has stopped when there was no key for one second, or a message
     * was sent. Returns at once. PROTOCOL.md §3.10.
     */
    public fun keystroke(): Unit = client.use { it.keystroke(id) }

    /** Says that the user has stopped typing, if that is known before the second is over. */
    public fun stopTyping(): Unit = client.use { it.stopTyping(id) }

    /** The other users who are typing here, live. A user whose signal is older than three seconds is not
     * among them; without a connection the list is empty. PROTOCOL.md §3.10. */
    public val typingUsers: kotlinx.coroutines.flow.Flow<List<UserId>> = live(
        { client.use { it.watchTyping(id) } },
        { it.next() },
        { it.end() },
    )

    /** Who takes part, live: roles, and how far each has come. */
    public val participants: ParticipantList = ParticipantList(client, id)

    /** The pinned messages, live: the newest pin first. PROTOCOL.md §4.9. */
    public val pinnedMessages: PinnedMessages = PinnedMessages(client, id)

    /** The conversation itself, live: its title and picture, who may write, what it is about, what the user has
     * set for it, how much is unread; also while it is in the archive or hidden. Null while there is no such
     * conversation on this device. Reads the device only. */
    public val item: Flow<ConversationItem?> = live(
        { client.use { it.watchConversation(id) } },
        { it.next() },
        { it.end() },
    )

    /**
     * Gives a group another title: not blank, at most 200 bytes. For moderators and admins. Works
     * offline, like all that follow; when the server refuses, it is as it was. PROTOCOL.md §5.10.
     *
     * @throws CommandException.Invalid
     * @throws CommandException.NotAllowed
     */
    public suspend fun setTitle(title: String): Unit = change(ForeignChange.SetTitle(title))

    /** Says where the picture of a group is; null for none. For moderators and admins. */
    public suspend fun setAvatarUrl(url: String?): Unit = change(ForeignChange.SetAvatarUrl(url))

    /** Says who may write in a group. For admins. PROTOCOL.md §4.4. */
    public suspend fun setWriting(writing: Writing): Unit = change(ForeignChange.SetWriting(writing))

    /** Says what the conversation is about. In a group for admins. PROTOCOL.md §5.10. */
    public suspend fun setContext(context: Context): Unit = change(ForeignChange.SetContext(context))

    /** Adds people to a group. For admins. PROTOCOL.md §5.11. */
    public suspend fun addParticipants(users: List<UserId>): Unit = change(ForeignChange.AddParticipants(users))

    /** Removes somebody from a group. For admins. PROTOCOL.md §5.11. */
    public suspend fun removeParticipant(user: UserId): Unit = change(ForeignChange.RemoveParticipant(user))

    /** Gives somebody another role. For admins; the last one stays one. PROTOCOL.md §5.11. */
    public suspend fun setRole(user: UserId, role: Role): Unit = change(ForeignChange.SetRole(user, role))

    /** Leaves a group; it is out of the list at once. PROTOCOL.md §5.11. */
    public suspend fun leave(): Unit = change(ForeignChange.Leave)

    /** No notifications from here until then; null for good. On all devices. PROTOCOL.md §4.5. */
    public suspend fun mute(until: kotlin.time.Instant?): Unit = change(ForeignChange.Mute(until))

    /** Notifications again. PROTOCOL.md §4.5. */
    public suspend fun unmute(): Unit = change(ForeignChange.Unmute)

    /** Puts it above the others in this user's list. PROTOCOL.md §4.5. */
    public suspend fun pin(): Unit = change(ForeignChange.Pin)

    /** Puts it among the others again. PROTOCOL.md §4.5. */
    public suspend fun unpin(): Unit = change(ForeignChange.Unpin)

    /** Puts it into this user's archive, where new messages leave it. PROTOCOL.md §4.5. */
    public suspend fun archive(): Unit = change(ForeignChange.Archive)

    /** Takes it out of the archive. PROTOCOL.md §4.5. */
    public suspend fun unarchive(): Unit = change(ForeignChange.Unarchive)

    /** Takes it out of this user's lists until the next message. PROTOCOL.md §4.5. */
    public suspend fun hide(): Unit = change(ForeignChange.Hide)

    /** Shows it as unread until this user reads in it. The counts do not change. PROTOCOL.md §4.5. */
    public suspend fun markUnread(): Unit = change(ForeignChange.MarkUnread)

    /** Keeps what the user has begun to write, on this device; empty for none. */
    public suspend fun setDraft(text: String): Unit = change(ForeignChange.SetDraft(text))

    private suspend fun change(change: ForeignChange): Unit = client.use { it.change(id, change) }

    override fun toString(): String = "Conversation($id)"
}
