package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** What a search has found at one moment. */
public data class SearchSnapshot(
    /** The best first, and of equals the newest. List them by the key of their message. */
    public val items: List<SearchHit>,
)

/**
 * A live search: what is found on this device at once, also offline, and what the server finds with
 * [loadMore]. What the server finds is on this device from then on, so that there is one list, in one
 * order, without anything twice.
 *
 * A message is found when it contains each word of the query, or words that begin with them; case and
 * accents do not matter. In scripts without spaces between words it is each part of a word.
 */
public class Search internal constructor(private val handle: SearchHandle) : AutoCloseable {

    /** What changed, in batches; the first one begins with a [SearchChange.Reset]. Applied in order with
     * [applied] they always give what [items] shows. Reads the device only. */
    public val changes: Flow<List<SearchChange>> = live(
        { watch() },
        { it.next() },
        { it.end() },
    )

    /** What was found, whenever that changes. Reads the device only. */
    public val items: Flow<SearchSnapshot> = flow {
        var shown = emptyList<SearchHit>()
        changes.collect { batch ->
            shown = batch.fold(shown) { list, change -> list.applied(change) }
            emit(SearchSnapshot(shown))
        }
    }

    /** The same as [items]. */
    public fun asFlow(): Flow<SearchSnapshot> = items

    /**
     * Asks for 50 more: from this device as long as it has more, and then from the server, which needs the
     * network; [items] shows them. PROTOCOL.md §7.6.
     *
     * @throws CommandException.Unreachable without the network; what was found stays
     * @throws CommandException.Refused for a text without a word or with more than 16, or when the server
     *   cannot search
     * @throws CommandException.Closed
     */
    public suspend fun loadMore(): PageResult {
        if (handle.uniffiIsDestroyed) throw CommandException.Closed()
        return try {
            handle.loadMore(null)
        } catch (panic: InternalException) {
            throw CommandException.Bug(panic.message.orEmpty())
        }
    }

    /** Lets go of it. Optional: one that is forgotten is collected with the garbage. */
    override fun close() {
        handle.close()
    }

    private fun watch(): SearchWatcher {
        if (handle.uniffiIsDestroyed) throw CommandException.Closed()
        return handle.watch()
    }
}

/** The list after a change. */
public fun List<SearchHit>.applied(change: SearchChange): List<SearchHit> = when (change) {
    is SearchChange.Reset -> change.items
    is SearchChange.Insert -> toMutableList().apply { add(change.index, change.item) }
    is SearchChange.Update -> toMutableList().apply { set(change.index, change.item) }
    is SearchChange.Move -> toMutableList().apply { add(change.to, removeAt(change.from)) }
    is SearchChange.Remove -> toMutableList().apply { removeAt(change.index) }
}
