package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/**
 * A live query as a cold flow. Each collector has a watcher of its own, opened when it begins to
 * collect and closed when it ends, in whatever way. What is new is asked for when the collector wants
 * it: a slow one costs nothing, misses nothing but what was overtaken, and holds nobody up.
 *
 * The flow completes when the client is closed.
 */
internal fun <W : AutoCloseable, T> live(open: () -> W, next: suspend (W) -> T, end: (W) -> Unit): Flow<T> = flow {
    val watcher = try {
        open()
    } catch (_: CommandException.Closed) {
        return@flow
    }
    try {
        while (true) {
            val news = try {
                next(watcher)
            } catch (_: WatchException.Closed) {
                break
            } catch (panic: InternalException) {
                throw WatchException.Bug(panic.message.orEmpty())
            }
            emit(news)
        }
    } finally {
        end(watcher)
        watcher.close()
    }
}
