/// One account on this device: its store, its session, its connection.
///
/// What the app does is written to the store first and answered at once; what it shows is read from
/// there. The network comes and goes behind that, and nothing has to be called when it does.
///
/// A client that nobody holds any more ends by itself, as a crash would end it: nothing is lost.
public final class Client: Sendable {
    let handle: ClientHandle

    private init(_ handle: ClientHandle) {
        self.handle = handle
    }

    /// Opens the store at `store`, takes up what was left in it, and starts connecting when somebody
    /// is signed in. Does not wait for the network.
    ///
    /// On a full disk a store that is there can be read: the connection waits with `.storeFailed` then, commands
    /// throw `.store`, and writing is tried again twice a second.
    ///
    /// - Parameters:
    ///   - server: the server's base URL
    ///   - store: the file of the store; it is made when there is none
    ///   - owner: whose store it must be, for apps with several accounts
    ///   - tokenProvider: where access tokens come from, in an app with its own sign-in; give it every
    ///     time
    ///   - secretStorage: seals the tokens in the store with a key of the platform's (`Keychain`, on
    ///     Apple's); without it they are as safe as the file
    ///   - plaintext: whether http is good enough for servers on other machines
    ///   - trust: certificates to trust beside those that the platform trusts, as PEM: of a test server, or
    ///     of a company's own authority
    /// - Throws: `OpenError` with the reason; the file stays as it is. `.corrupt` and `.lostUnsent` can
    ///   be mended with `FulmarSDK.rebuildStore`.
    public static func open(
        server: String,
        store: String,
        config: Config = .default,
        owner: UserId? = nil,
        tokenProvider: (any TokenProvider)? = nil,
        secretStorage: (any SecretStorage)? = nil,
        plaintext: Plaintext = .refused,
        trust: [String] = []
    ) async throws(OpenError) -> Client {
        let options = OpenOptions(
            server: server,
            store: store,
            owner: owner,
            plaintext: plaintext,
            trust: trust,
            config: config,
            tokenProvider: tokenProvider.map(GuardedTokenProvider.init),
            secretStorage: secretStorage.map(GuardedSecretStorage.init)
        )
        do {
            let handle = try await cancellable { try await ClientHandle.open(options: options, cancel: $0) }
            return Client(handle)
        } catch let error as OpenError {
            throw error
        } catch {
            throw .bug(reason: text(of: error))
        }
    }

    // MARK: Account

    /// Signs in with a password. Needs the network. The password is not stored; the session is, and is
    /// there again when the store is next opened. PROTOCOL.md §7.1.
    ///
    /// - Throws: `.refused` with `Code.credentialsInvalid` for a wrong user or password;
    ///   `.unreachable`, `.alreadySignedIn`; `.signInUnderWay` when another one has no answer yet;
    ///   `.otherUser` when the store holds unsent operations of somebody else; `.cancelled` when the task
    ///   was.
    public func signIn(_ userId: UserId, password: String) async throws(CommandError) {
        try await command {
            try await cancellable { try await self.handle.signIn(userId: userId, password: password, cancel: $0) }
        }
    }

    /// Becomes a user of the server, and signs in. Needs the network. The name is not blank and has at most
    /// 200 bytes, the password at least 8. PROTOCOL.md §7.1.
    ///
    /// - Throws: `.refused` with `.userExists` when there is such a user, with `.paramsInvalid` for the name
    ///   or the password; otherwise what `signIn` throws.
    public func register(_ userId: UserId, name: String, password: String) async throws(CommandError) {
        try await command {
            try await cancellable {
                try await self.handle.register(userId: userId, name: name, password: password, cancel: $0)
            }
        }
    }

    /// Signs in with an access token of the app's own backend, from the token provider that the client
    /// was opened with; later tokens come from it too. Needs the network. PROTOCOL.md §7.2.
    ///
    /// - Throws: `.noToken` when the provider has none, or one of another user; `.refused` when the
    ///   server does not take it; `.unreachable`, `.alreadySignedIn`, `.signInUnderWay`, `.otherUser`,
    ///   `.cancelled`.
    public func signInWithProvider(_ userId: UserId) async throws(CommandError) {
        try await command {
            try await cancellable { try await self.handle.signInWithProvider(userId: userId, cancel: $0) }
        }
    }

    /// Signs out and wipes the store. The server is told as soon as it can be reached, also by a later process:
    /// until it has heard it, the store keeps the one token that this takes. Of a token provider's session, which
    /// the app ends, it is told to send no more pushes to this device. PROTOCOL.md §7.1, §7.8.
    ///
    /// What is unsent is asked about: `.refuse` says how much there is, `.wait` sends it first, `.discard` gives it
    /// up. Cancelling a wait is fine: then nothing has happened.
    ///
    /// - Throws: `.unsentOperations` when something is unsent and is not to be given up; after a wait only
    ///   for what failed, which the app has to retry or discard. `.signedOut`, `.cancelled`.
    public func signOut(_ how: SignOut) async throws(CommandError) {
        try await command { try await cancellable { try await self.handle.signOut(how: how, cancel: $0) } }
    }

    /// Who is signed in. Live, since the server may end a session; begins with how it is now.
    public var session: Live<SessionState> {
        Live { [handle] in try handle.watchSession() }
    }

    /// Who is signed in at this moment.
    public var currentSession: SessionState {
        get throws(CommandError) { try now { try handle.session() } }
    }

    // MARK: Connection

    /// The connection: what it is, why, and when it is tried next. Live; begins with how it is now.
    public var connection: Live<ConnectionState> {
        Live { [handle] in try handle.watchConnection() }
    }

    /// The connection at this moment.
    public var currentConnection: ConnectionState {
        get throws(CommandError) { try now { try handle.connection() } }
    }

    /// Passes on what the platform says about the network. Optional: without it the client finds out
    /// by itself, only later. On Apple's platforms `followPlatform()` does it.
    public func setNetwork(_ network: NetworkState) {
        try? handle.setNetwork(network: network)
    }

    /// Passes on whether the app is on the screen. Optional.
    public func setAppState(_ app: AppState) {
        try? handle.setAppState(app: app)
    }

    // MARK: Conversations

    /// The list of conversations: pinned ones first, then the last active. Without those in the archive,
    /// and those that are hidden.
    public var conversations: ConversationList { conversations(folder: .inbox) }

    /// A list of the conversations in a folder, of these only the unread ones, or only those of a kind.
    public func conversations(
        folder: Folder = .inbox, unread: UnreadFilter = .all, kind: ConversationKind? = nil
    ) -> ConversationList {
        let filter = ConversationFilter(folder: folder, unread: unread, kind: kind)
        return ConversationList(handle: Result { try handle.conversations(filter: filter) })
    }

    /// Whether the server can do something beyond what every server does, as it said when it was last connected: a
    /// screen leaves out what it cannot. Before it has said anything, the answer is yes. Does not touch the network.
    /// What it cannot do fails with `.unsupported`. PROTOCOL.md §10.2.
    ///
    /// - Throws: `.store`, `.closed`.
    public func supports(_ capability: Capability) async throws(CommandError) -> Bool {
        try await command { try await handle.supports(capability: capability) }
    }

    /// A conversation. Looks nothing up: commands on one that is not here say so, and its timeline is
    /// empty until it is.
    public func conversation(_ id: ConversationId) -> Conversation {
        Conversation(client: self, id: id)
    }

    /// The conversation with one other person; creates it when there is none. Works offline: it is
    /// there at once, and messages to it wait until the server has created it.
    ///
    /// - Throws: `.invalid` for oneself or an impossible id; `.signedOut`, `.outboxFull`.
    public func createDirect(with userId: UserId) async throws(CommandError) -> Conversation {
        conversation(try await command { try await self.handle.createDirect(with: userId) })
    }

    /// Creates a group. Works offline, as `createDirect` does. The title is not blank and has at most
    /// 200 bytes.
    ///
    /// - Throws: `.invalid` for the title or an impossible id; `.signedOut`, `.outboxFull`.
    public func createGroup(
        title: String, participants: [UserId], avatarUrl: String? = nil, context: Context? = nil
    ) async throws(CommandError) -> Conversation {
        let id = try await command {
            try await self.handle.createGroup(
                title: title, participants: participants, avatarUrl: avatarUrl, context: context)
        }
        return conversation(id)
    }

    // MARK: Outbox

    /// Whether a user is there, on any of their devices, live. It is unknown for a user who shares no
    /// conversation with this user, and while there is no connection. PROTOCOL.md §3.11.
    public func presence(of user: UserId) -> Live<Presence> {
        Live { [handle] in try handle.watchPresence(user: user) }
    }

    /// The account of the user who is signed in: their sessions, and what others see of them.
    public var account: Account { Account(handle: handle) }

    /// Says where notifications for this device go, once the platform has given it a token. Needs the
    /// network. Call it at every start: the server forgets the token when this session ends.
    /// PROTOCOL.md §7.8.
    ///
    /// - Throws: `.unreachable`, `.cancelled`.
    public func registerPushToken(_ provider: PushProvider, _ token: String) async throws(CommandError) {
        try await command {
            try await cancellable {
                try await self.handle.registerPushToken(provider: provider, token: token, cancel: $0)
            }
        }
    }

    /// No notifications for this device any more. Needs the network. PROTOCOL.md §7.8.
    ///
    /// - Throws: `.unreachable`, `.cancelled`.
    public func removePushToken() async throws(CommandError) {
        try await command { try await cancellable { try await self.handle.removePushToken(cancel: $0) } }
    }

    /// Takes what a push notification carries, a JSON text: the message is in its timeline, also offline,
    /// and counts as unread. Gives what to show. A push that is late, or comes twice, does no harm. In a
    /// notification extension use `FulmarSDK.handlePushBeside`. PROTOCOL.md §7.8.
    ///
    /// - Throws: `.invalid` for what is no push of Fulmar's; `.otherUser` for one of somebody else;
    ///   `.signedOut`, `.cancelled`.
    public func handlePush(_ payload: String) async throws(CommandError) -> PushNotification {
        try await command {
            try await cancellable { try await self.handle.handlePush(payload: payload, cancel: $0) }
        }
    }

    /// Searches the messages of this user: those on this device at once, those at the server with
    /// `Search.loadMore`.
    ///
    /// - Throws: `.closed`.
    public func search(_ query: SearchQuery) throws(CommandError) -> Search {
        Search(handle: try now { try handle.search(query: query) })
    }

    /// Searches for words, everywhere; the same as `search` with a `SearchQuery` of them.
    public func search(_ text: String) throws(CommandError) -> Search { try search(SearchQuery(text: text)) }

    /// What the user did and the server has not confirmed, live; and where to retry or give up what
    /// failed.
    public var outbox: Outbox { Outbox(handle: handle) }

    // MARK: The end

    /// Lets go of the store without ending, for platforms that kill a suspended app which holds a lock, as iOS does
    /// with a store in an app group: what was handed over is done, then nothing of the store is open any more when
    /// this returns, and there is no connection. What is asked for meanwhile waits for `resume()`. A second time
    /// changes nothing. Call it in a background task when the app leaves the screen, and `resume()` when it comes
    /// back.
    public func suspend() async {
        try? await handle.suspend()
    }

    /// Takes up again after `suspend()`. Live queries go on where they were.
    public func resume() async {
        try? await handle.resume()
    }

    /// Ends the client, and returns when its store can be opened again. Everything unsent is kept. From
    /// now on calls throw `.closed`, and sequences end.
    public func shutDown() async {
        try? await handle.shutDown()
    }

    /// Begins to end the client, and returns at once. Opening the same store again right after is fine.
    public func close() {
        try? handle.beginToClose()
    }
}
