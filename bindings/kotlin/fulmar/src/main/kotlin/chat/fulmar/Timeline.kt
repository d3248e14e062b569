package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** A timeline at one moment. */
public data class TimelineSnapshot(
    /** The messages, oldest first. List them by [TimelineItem.key], which never changes. */
    public val items: List<TimelineItem>,
)

/**
 * A live view of a conversation: its newest 50 messages, more with [loadOlder], and everything that
 * comes after.
 *
 * Confirmed messages are in the server's order and without holes; behind them, in the order in which
 * they were sent, those that are not confirmed yet. All collectors of one timeline show the same
 * stretch of the conversation, also one that comes back after a rotation of the screen.
 */
public class Timeline internal constructor(private val handle: TimelineHandle) : AutoCloseable {

    /** What changed, in batches; the first one begins with a [TimelineChange.Reset]. Applied in order
     * with [applied] they always give what [items] shows. Reads the device only. */
    public val changes: Flow<List<TimelineChange>> = live(
        { watch() }, { it.next() }, { it.end() },
    )

    /** The messages, whenever they change. Reads the device only. */
    public val items: Flow<TimelineSnapshot> = flow {
        var shown = emptyList<TimelineItem>()
        changes.collect { batch ->
            shown = batch.fold(shown) { list, change -> list.applied(change) }
            emit(TimelineSnapshot(shown))
        }
    }

    /** The same as [items]. */
    public fun asFlow(): Flow<TimelineSnapshot> = items

    /**
     * Asks for 50 older messages. From the device when they are there, otherwise from the server, which
     * needs the network; [items] shows them. PROTOCOL.md §7.5.
     *
     * @throws CommandException.Unreachable without the network; nothing has changed then
     * @throws CommandException.Closed
     */
    public suspend fun loadOlder(): History {
        if (handle.uniffiIsDestroyed) throw CommandException.Closed()
        return try {
            handle.loadOlder(null)
        } catch (panic: InternalException) {
            throw CommandException.Bug(panic.message.orEmpty())
        }
    }

    /**
     * Says whether somebody is looking. While somebody is, everything that was collected is marked as
     * read as soon as the collector comes back for more. PROTOCOL.md §5.5.
     */
    public fun setVisibility(visibility: Visibility) {
        if (!handle.uniffiIsDestroyed) handle.setVisibility(visibility)
    }

    /** Lets go of it. Optional: one that is forgotten is collected with the garbage. */
    override fun close() {
        handle.close()
    }

    private fun watch(): TimelineWatcher {
        if (handle.uniffiIsDestroyed) throw CommandException.Closed()
        return handle.watch()
    }
}

/** The list after a change. */
public fun List<TimelineItem>.applied(change: TimelineChange): List<TimelineItem> = when (change) {
    is TimelineChange.Reset -> change.items
    is TimelineChange.Insert -> toMutableList().apply { add(change.index, change.item) }
    is TimelineChange.Update -> toMutableList().apply { set(change.index, change.item) }
    is TimelineChange.Move -> toMutableList().apply { add(change.to, removeAt(change.from)) }
    is TimelineChange.Remove -> toMutableList().apply { removeAt(change.index) }
}
