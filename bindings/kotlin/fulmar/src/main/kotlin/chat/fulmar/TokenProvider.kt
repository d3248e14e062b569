package chat.fulmar

import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlin.time.Duration

/** An access token that the app's own backend gave out. Does not print. */
public class ProvidedToken(
    /** The access token, as the app's backend issued it. */
    public val accessToken: String,
    /** How long it is valid from now. Without it the token is used until the server refuses it. */
    public val expiresIn: Duration? = null,
) {
    override fun toString(): String = "ProvidedToken(…)"
}

/**
 * Where the access tokens of an app with its own sign-in come from. PROTOCOL.md §7.2.
 *
 * It is asked by [Client.signInWithProvider], shortly before a token runs out, and when the server has
 * refused one: one question at a time. It may be slow or fail: messages wait meanwhile, and none ever
 * fails for it. An answer that takes longer than [Config.tokenTimeout] counts as none. Do not hold a
 * [Client] in it, which would keep both alive for ever.
 */
public fun interface TokenProvider {
    /**
     * An access token for this user. Runs on a background dispatcher.
     *
     * @throws TokenFailure.SessionOver when the user has no session any more: the session of the store
     *   ends, and what is unsent is kept. Whatever else it throws means "not at this moment".
     */
    public suspend fun token(userId: UserId): ProvidedToken
}

/** Whatever app code throws arrives in Rust as an answer: an exception that got lost would leave Rust
 * waiting for ever. */
internal class GuardedTokenProvider(private val app: TokenProvider) : ForeignTokenProvider {
    override suspend fun token(userId: UserId): ForeignToken = try {
        app.token(userId).let { ForeignToken(it.accessToken, it.expiresIn) }
    } catch (failure: TokenFailure) {
        throw failure
    } catch (thrown: Throwable) {
        // Cancelled from Rust, which no longer listens; a timeout of the app's own is a failure.
        currentCoroutineContext().ensureActive()
        throw TokenFailure.Unavailable(thrown.toString())
    }
}
