package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** The pinned messages of a conversation at one moment. */
public data class PinnedMessagesSnapshot(
    /** All of them, the newest pin first. */
    public val items: List<MessageItem>,
)

/**
 * The messages that are pinned in a conversation, live, the newest pin first, whether they are old or new: they come
 * with the conversation. [MessageItem.pinned] says who pinned each, and when. A message that is about to be pinned or
 * unpinned is shown as if that was done. PROTOCOL.md §4.9.
 */
public class PinnedMessages internal constructor(
    private val client: Client,
    private val conversation: ConversationId,
) {

    /** What changed, in batches; the first one begins with a [PinnedMessagesChange.Reset]. Applied in
     * order with [applied] they always give what [items] shows. Reads the device only. */
    public val changes: Flow<List<PinnedMessagesChange>> = live(
        { client.use { it.watchPinnedMessages(conversation) } },
        { it.next() },
        { it.end() },
    )

    /** The messages, whenever something of them changes. Reads the device only. */
    public val items: Flow<PinnedMessagesSnapshot> = flow {
        var shown = emptyList<MessageItem>()
        changes.collect { batch ->
            shown = batch.fold(shown) { list, change -> list.applied(change) }
            emit(PinnedMessagesSnapshot(shown))
        }
    }

    /** The same as [items]. */
    public fun asFlow(): Flow<PinnedMessagesSnapshot> = items
}

/** The list after a change. */
public fun List<MessageItem>.applied(change: PinnedMessagesChange): List<MessageItem> = when (change) {
    is PinnedMessagesChange.Reset -> change.items
    is PinnedMessagesChange.Insert -> toMutableList().apply { add(change.index, change.item) }
    is PinnedMessagesChange.Update -> toMutableList().apply { set(change.index, change.item) }
    is PinnedMessagesChange.Move ->
        toMutableList().apply { add(change.to, removeAt(change.from)) }
    is PinnedMessagesChange.Remove -> toMutableList().apply { removeAt(change.index) }
}
