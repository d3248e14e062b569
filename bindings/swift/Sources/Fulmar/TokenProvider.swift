/// An access token that the app's own backend gave out. Does not print.
public struct ProvidedToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The access token, as the app's backend issued it.
    public let accessToken: String
    /// How long it is valid from now. Without it the token is used until the server refuses it.
    public let expiresIn: Duration?

    public init(accessToken: String, expiresIn: Duration? = nil) {
        self.accessToken = accessToken
        self.expiresIn = expiresIn
    }

    public var description: String { "ProvidedToken(…)" }
    public var customMirror: Mirror { Mirror(self, children: ["expiresIn": expiresIn as Any]) }
}

/// Where the access tokens of an app with its own sign-in come from. PROTOCOL.md §7.2.
///
/// It is asked by `Client.signInWithProvider`, shortly before a token runs out, and when the server has
/// refused one: one question at a time. It may be slow or fail: messages wait meanwhile, and none ever
/// fails for it. An answer that takes longer than `Config.tokenTimeout` counts as none. Do not hold a
/// `Client` in it, which would keep both alive for ever.
public protocol TokenProvider: Sendable {
    /// An access token for this user.
    ///
    /// - Throws: `TokenFailure.sessionOver` when the user has no session any more: the session of the
    ///   store ends, and what is unsent is kept. Whatever else it throws means "not at this moment".
    func token(for userId: UserId) async throws -> ProvidedToken
}

/// Whatever app code throws arrives in Rust as an answer.
final class GuardedTokenProvider: ForeignTokenProvider {
    private let app: any TokenProvider

    init(_ app: any TokenProvider) {
        self.app = app
    }

    func token(userId: UserId) async throws -> ForeignToken {
        do {
            let token = try await app.token(for: userId)
            return ForeignToken(accessToken: token.accessToken, expiresIn: token.expiresIn)
        } catch let failure as TokenFailure {
            throw failure
        } catch {
            throw TokenFailure.unavailable(reason: text(of: error))
        }
    }
}
