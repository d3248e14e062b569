package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** A timeline at one moment. */
public data class TimelineSnapshot(
    /** Messages and gaps, oldest first. List them by [TimelineItem.key]; a message's never changes. */
    public val items: List<TimelineItem>,
) {
    /** The messages among them. */
    public val messages: List<MessageItem> get() = items.mapNotNull { it.message }
}

/** The message, if it is one. */
public val TimelineItem.message: MessageItem?
    get() = when (this) {
        is TimelineItem.Message -> item
        is TimelineItem.Gap -> null
    }

/** What to list a row of a timeline by: as it is, or as what `LazyColumn` can store. */
public val TimelineItem.key: String
    get() = when (this) {
        is TimelineItem.Message -> item.key.value
        is TimelineItem.Gap -> "gap ${range.from.value}"
    }

/**
 * A live view of a conversation, or of a thread: its newest 50 messages, more with [loadOlder], and
 * everything that comes after. One that was opened around a message shows both sides of that, and more
 * with [loadNewer] until it has reached what comes in.
 *
 * Confirmed messages are in the server's order; where some are missing on this device, there is a gap.
 * Behind them, in the order in which they were sent, are those that are not confirmed yet. Messages of
 * threads are in the timeline of their thread only. All collectors of one timeline show the same
 * stretch, also one that comes back after a rotation of the screen.
 *
 * It begins at once with what is on this device. Where that is little, because replies in threads and
 * hidden messages lie between, the server is asked for what is before, until 20 messages are shown or
 * the beginning is reached.
 */
public class Timeline internal constructor(private val handle: TimelineHandle) : AutoCloseable {

    /** What changed, in batches; the first one begins with a [TimelineChange.Reset]. Applied in order
     * with [applied] they always give what [items] shows. Reads the device, and never waits for the network. */
    public val changes: Flow<List<TimelineChange>> = live(
        { watch() },
        { it.next() },
        { it.end() },
    )

    /** The messages, whenever they change. Reads the device, and never waits for the network. */
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
     * needs the network; [items] shows them. In a thread its root comes before the first message.
     * PROTOCOL.md §7.5.
     *
     * @throws CommandException.Unreachable without the network; nothing has changed then
     * @throws CommandException.Closed
     */
    public suspend fun loadOlder(): PageResult = use { it.loadOlder(null) }

    /**
     * Asks for 50 newer messages, in a timeline that was opened around an older one. From the device
     * when they are there, otherwise from the server, which needs the network. PROTOCOL.md §7.5.
     *
     * @throws CommandException.Unreachable without the network; nothing has changed then
     * @throws CommandException.Closed
     */
    public suspend fun loadNewer(): PageResult = use { it.loadNewer(null) }

    /**
     * Asks for up to 50 messages of a gap, from one of its ends; what is left of it stays a gap. Needs
     * the network. PROTOCOL.md §7.5.
     *
     * @throws CommandException.Unreachable without the network; nothing has changed then
     * @throws CommandException.Closed
     */
    public suspend fun loadGap(gap: GapRange, end: GapEnd): Unit = use { it.loadGap(gap, end, null) }

    private suspend fun <T> use(work: suspend (TimelineHandle) -> T): T {
        if (handle.uniffiIsDestroyed) throw CommandException.Closed()
        return try {
            work(handle)
        } catch (panic: InternalException) {
            throw CommandException.Bug(panic.message.orEmpty())
        }
    }

    /**
     * Says whether somebody is looking. While somebody is, everything that was collected is marked as
     * read as soon as the collector comes back for more, with the messages of threads in between. The
     * timeline of a thread marks nothing. PROTOCOL.md §5.5.
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
