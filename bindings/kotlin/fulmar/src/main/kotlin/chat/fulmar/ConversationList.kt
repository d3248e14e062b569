package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** A list of conversations at one moment. */
public data class ConversationListSnapshot(
    /** The conversations: pinned ones, then the last active. List them by [ConversationItem.key], which never
     * changes. */
    public val items: List<ConversationItem>,
)

/** Conversations, live: pinned ones first, then the last active. It begins with 50, and shows 50 more with each
 * [loadMore]; what one collector loads, all show. */
public class ConversationList internal constructor(
    private val client: Client,
    private val filter: ConversationFilter,
) {
    private val handle: ConversationListHandle by lazy { client.use { it.conversations(filter) } }

    /** What changed, in batches; the first one begins with a [ConversationListChange.Reset]. Applied
     * in order with [applied] they always give what [items] shows. Reads the device only. */
    public val changes: Flow<List<ConversationListChange>> = live(
        { client.use { handle.watch() } },
        { it.next() },
        { it.end() },
    )

    /** The conversations, whenever they change. Reads the device only. */
    public val items: Flow<ConversationListSnapshot> = flow {
        var shown = emptyList<ConversationItem>()
        changes.collect { batch ->
            shown = batch.fold(shown) { list, change -> list.applied(change) }
            emit(ConversationListSnapshot(shown))
        }
    }

    /** The same as [items]. */
    public fun asFlow(): Flow<ConversationListSnapshot> = items

    /**
     * Shows 50 more. Reads the device only: all conversations of the user are on it.
     *
     * @throws WatchException.Closed when the client is
     * @throws WatchException.Store when the store could not be read
     */
    public suspend fun loadMore(): PageResult = try {
        client.use { handle.loadMore() }
    } catch (_: CommandException.Closed) {
        throw WatchException.Closed()
    }
}

/** The list after a change. */
public fun List<ConversationItem>.applied(change: ConversationListChange): List<ConversationItem> = when (change) {
    is ConversationListChange.Reset -> change.items
    is ConversationListChange.Insert -> toMutableList().apply { add(change.index, change.item) }
    is ConversationListChange.Update -> toMutableList().apply { set(change.index, change.item) }
    is ConversationListChange.Move ->
        toMutableList().apply { add(change.to, removeAt(change.from)) }
    is ConversationListChange.Remove -> toMutableList().apply { removeAt(change.index) }
}
