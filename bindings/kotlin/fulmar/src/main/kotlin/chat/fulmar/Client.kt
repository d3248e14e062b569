package chat.fulmar

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.flow.Flow
import java.io.File

/**
 * One account on this device: its store, its session, its connection.
 *
 * What the app does is written to the store first and answered at once; what it shows is read from
 * there. The network comes and goes behind that, and nothing has to be called when it does.
 *
 * Functions that `suspend` may be called from any dispatcher; the client has its own threads.
 */
public class Client internal constructor(private val handle: ClientHandle) : AutoCloseable {

    /** The list of conversations: pinned ones first, then the last active. Without those in the
     * archive, and those that are hidden. */
    public val conversations: ConversationList = conversations(Folder.INBOX)

    /** A list of the conversations in a folder, of these only the unread ones, or only those of a kind. */
    public fun conversations(
        folder: Folder = Folder.INBOX,
        unread: UnreadFilter = UnreadFilter.ALL,
        kind: ConversationKind? = null,
    ): ConversationList = ConversationList(this, ConversationFilter(folder, unread, kind))

    /** The connection: what it is, why, and when it is tried next. Live; begins with how it is now. */
    public val connection: Flow<ConnectionState> = live(
        { use { it.watchConnection() } },
        { it.next() },
        { it.end() },
    )

    /** Who is signed in. Live, since the server may end a session; begins with how it is now. */
    public val session: Flow<SessionState> = live(
        { use { it.watchSession() } },
        { it.next() },
        { it.end() },
    )

    /** The connection at this moment. */
    public val currentConnection: ConnectionState get() = use { it.connection() }

    /** Who is signed in at this moment. */
    public val currentSession: SessionState get() = use { it.session() }

    /**
     * Signs in with a password. Needs the network. The password is not stored; the session is, and is
     * there again when the store is next opened. PROTOCOL.md §7.1.
     *
     * @throws CommandException.Refused with [Code.CredentialsInvalid] for a wrong user or password
     * @throws CommandException.Unreachable without the network
     * @throws CommandException.AlreadySignedIn
     * @throws CommandException.SignInUnderWay when another one has no answer yet
     * @throws CommandException.OtherUser when the store holds unsent operations of somebody else
     */
    public suspend fun signIn(userId: UserId, password: String): Unit = use { it.signIn(userId, password, null) }

    /**
     * Becomes a user of the server, and signs in. Needs the network. The name is not blank and has at
     * most 200 bytes, the password at least 8. PROTOCOL.md §7.1.
     *
     * @throws CommandException.Refused with [Code.UserExists] when there is such a user, with
     *   [Code.ParamsInvalid] for the name or the password; otherwise what [signIn] throws
     */
    public suspend fun register(userId: UserId, name: String, password: String): Unit =
        use { it.register(userId, name, password, null) }

    /**
     * Signs in with an access token of the app's own backend, from the [TokenProvider] that the client
     * was opened with; later tokens come from it too. Needs the network. PROTOCOL.md §7.2.
     *
     * @throws CommandException.NoToken when the provider has none, or one of another user
     * @throws CommandException.Refused when the server does not take it
     * @throws CommandException.Unreachable without the network
     * @throws CommandException.AlreadySignedIn
     * @throws CommandException.SignInUnderWay when another one has no answer yet
     * @throws CommandException.OtherUser when the store holds unsent operations of somebody else
     */
    public suspend fun signInWithProvider(userId: UserId): Unit = use { it.signInWithProvider(userId, null) }

    /**
     * Signs out and wipes the store. The server is told as soon as it can be reached, also by a later process:
     * until it has heard it, the store keeps the one token that this takes. Of a token provider's session, which
     * the app ends, it is told to send no more pushes to this device. PROTOCOL.md §7.1, §7.8.
     *
     * What is unsent is asked about: [SignOut.REFUSE] says how much there is, [SignOut.WAIT] sends it first,
     * [SignOut.DISCARD] gives it up. Cancelling a wait is fine: then nothing has happened.
     *
     * @throws CommandException.UnsentOperations when something is unsent and is not to be given up; after
     *   a wait only for what failed, which the app has to retry or discard
     * @throws CommandException.SignedOut when nobody is signed in
     */
    public suspend fun signOut(how: SignOut): Unit = use { it.signOut(how, null) }

    /**
     * Whether the server can do something beyond what every server does, as it said when it was last connected: a
     * screen leaves out what it cannot. Before it has said anything, the answer is yes. Does not touch the network.
     * What it cannot do fails with [CommandException.Unsupported]. PROTOCOL.md §10.2.
     */
    public suspend fun supports(capability: Capability): Boolean = use { it.supports(capability) }

    /** A conversation. Looks nothing up: commands on one that is not here say so, and its timeline is
     * empty until it is. */
    public fun conversation(id: ConversationId): Conversation = Conversation(this, id)

    /**
     * The conversation with one other person; creates it when there is none. Works offline: it is
     * there at once, and messages to it wait until the server has created it.
     *
     * @throws CommandException.Invalid for oneself or an impossible id
     * @throws CommandException.SignedOut
     * @throws CommandException.OutboxFull
     */
    public suspend fun createDirect(with: UserId): Conversation = conversation(use { it.createDirect(with) })

    /**
     * Creates a group. Works offline, as [createDirect] does. The title is not blank and has at most
     * 200 bytes.
     *
     * @throws CommandException.Invalid for the title or an impossible id
     * @throws CommandException.SignedOut
     * @throws CommandException.OutboxFull
     */
    public suspend fun createGroup(
        title: String,
        participants: List<UserId>,
        avatarUrl: String? = null,
        context: Context? = null,
    ): Conversation = conversation(use { it.createGroup(title, participants, avatarUrl, context) })

    /** Whether a user is there, on any of their devices, live. It is unknown for a user who shares no
     * conversation with this user, and while there is no connection. PROTOCOL.md §3.11. */
    public fun presence(user: UserId): kotlinx.coroutines.flow.Flow<Presence> = live(
        { use { it.watchPresence(user) } },
        { it.next() },
        { it.end() },
    )

    /** The account of the user who is signed in: their sessions, and what others see of them. */
    public val account: Account = Account(this)

    /**
     * Says where notifications for this device go, once the platform has given it a token. Needs the
     * network. Call it at every start: the server forgets the token when this session ends.
     * PROTOCOL.md §7.8.
     *
     * @throws CommandException.Unreachable
     */
    public suspend fun registerPushToken(provider: PushProvider, token: String): Unit =
        use { it.registerPushToken(provider, token, null) }

    /** No notifications for this device any more. Needs the network. PROTOCOL.md §7.8. */
    public suspend fun removePushToken(): Unit = use { it.removePushToken(null) }

    /**
     * Takes what a push notification carries, a JSON text: the message is in its timeline, also offline,
     * and counts as unread. Gives what to show. A push that is late, or comes twice, does no harm. In a
     * process of its own use [Fulmar.handlePushBeside]. PROTOCOL.md §7.8.
     *
     * @throws CommandException.Invalid for what is no push of Fulmar's
     * @throws CommandException.OtherUser for one of somebody else
     * @throws CommandException.SignedOut
     */
    public suspend fun handlePush(payload: String): PushNotification = use { it.handlePush(payload, null) }

    /**
     * Gets a file of a message onto this device, unless it is here. Own files are here from the start, as
     * long as they are not too many ([Config.fileCacheBytes]). PROTOCOL.md §7.10.
     */
    public fun download(attachment: Attachment): Download = Download(this, attachment)

    /**
     * Where a file of a message is on this device; nothing when it is not, or not all of it. Reads the disk
     * only. The file belongs to the client: copy it to change it or to keep it.
     */
    public suspend fun downloaded(attachment: Attachment): File? = use { it.downloaded(attachment) }?.let(::File)

    /** Searches the messages of this user: those on this device at once, those at the server with
     * [Search.loadMore]. */
    public fun search(query: SearchQuery): Search = Search(use { it.search(query) })

    /** Searches for words, everywhere; the same as [search] with a [SearchQuery] of them. */
    public fun search(text: String): Search = search(SearchQuery(text))

    /** What the user did and the server has not confirmed, live; and where to retry or give up what
     * failed. */
    public val outbox: Outbox = Outbox(this)

    /** Passes on what the platform says about the network. Optional: without it the client finds out
     * by itself, only later. */
    public fun setNetwork(network: NetworkState): Unit = use { it.setNetwork(network) }

    /** Passes on whether the app is on the screen. Optional. */
    public fun setAppState(app: AppState): Unit = use { it.setAppState(app) }

    /**
     * Lets go of the store without ending, for platforms that kill a suspended app which holds a lock: what was
     * handed over is done, then nothing of the store is open any more when this returns, and there is no
     * connection. What is asked for meanwhile waits for [resume]. A second time changes nothing. Android does not
     * need it.
     */
    public suspend fun suspend(): Unit = use { it.suspend() }

    /** Takes up again after [suspend]. Live queries go on where they were. */
    public suspend fun resume(): Unit = use { it.resume() }

    /**
     * Ends the client, and returns when its store can be opened again. Everything unsent is kept. From
     * now on calls end with [CommandException.Closed], and flows complete.
     */
    public suspend fun shutDown() {
        try {
            use { it.shutDown() }
        } catch (_: CommandException.Closed) {
            return
        }
        handle.destroy()
    }

    /** Begins to end the client, and returns at once: for `use {}`, and for places that must not
     * wait, such as `ViewModel.onCleared`. Opening the same store again right after is fine. */
    override fun close() {
        if (handle.uniffiIsDestroyed) return
        handle.beginToClose()
        handle.destroy()
    }

    internal inline fun <T> use(call: (ClientHandle) -> T): T = try {
        call(handle)
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (gone: IllegalStateException) {
        // The generated handle says so when it was destroyed meanwhile.
        throw if (handle.uniffiIsDestroyed) CommandException.Closed() else gone
    } catch (panic: InternalException) {
        throw CommandException.Bug(panic.message.orEmpty())
    }

    public companion object {
        /**
         * Opens the store at [store], takes up what was left in it, and starts connecting when somebody
         * is signed in. Does not wait for the network.
         *
         * On a full disk a store that is there can be read: the connection is [WaitReason.StoreFailed] then,
         * commands are [CommandException.Store], and writing is tried again twice a second.
         *
         * @param server the server's base URL
         * @param store the file of the store; it is made when there is none
         * @param owner whose store it must be, for apps with several accounts
         * @param tokenProvider where access tokens come from, in an app with its own sign-in; give it
         *   every time
         * @param secretStorage seals the tokens in the store with a key of the platform's; without it
         *   they are as safe as the file
         * @param plaintext whether http is good enough for servers on other machines
         * @param trust certificates to trust beside those that the platform trusts, as PEM: of a test server,
         *   or of a company's own authority
         * @throws OpenException with the reason; the file stays as it is. [OpenException.Corrupt] and
         *   [OpenException.LostUnsent] can be mended with [Fulmar.rebuildStore].
         */
        public suspend fun open(
            server: String,
            store: String,
            config: Config = Config.Default,
            owner: UserId? = null,
            tokenProvider: TokenProvider? = null,
            secretStorage: SecretStorage? = null,
            plaintext: Plaintext = Plaintext.REFUSED,
            trust: List<String> = emptyList(),
        ): Client {
            Native.ready()
            val options = OpenOptions(
                server = server,
                store = store,
                owner = owner,
                plaintext = plaintext,
                trust = trust,
                config = config,
                tokenProvider = tokenProvider?.let(::GuardedTokenProvider),
                secretStorage = secretStorage?.let(::GuardedSecretStorage),
            )
            return try {
                Client(ClientHandle.open(options, null))
            } catch (panic: InternalException) {
                throw OpenException.Bug(panic.message.orEmpty())
            }
        }
    }
}
