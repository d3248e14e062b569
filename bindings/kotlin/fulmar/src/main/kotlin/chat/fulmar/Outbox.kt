package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** What the outbox holds at one moment. */
public data class OutboxSnapshot(
    /** The operations, in the order in which they were handed over. */
    public val items: List<OutboxItem>,
)

/**
 * Every operation that the server has not confirmed, live, in the order in which they were handed over,
 * and those that it refused: what, since when, how often it was tried, what it waits for, and why it
 * failed. Of the changes that were refused the newest 100 are kept.
 */
public class Outbox internal constructor(private val client: Client) {

    /** What changed, in batches; the first one begins with an [OutboxChange.Reset]. Applied in order
     * with [applied] they always give what [items] shows. Reads the device only. */
    public val changes: Flow<List<OutboxChange>> = live(
        { client.use { it.watchOutbox() } },
        { it.next() },
        { it.end() },
    )

    /** The operations, whenever something of them changes. Reads the device only. */
    public val items: Flow<OutboxSnapshot> = flow {
        var shown = emptyList<OutboxItem>()
        changes.collect { batch ->
            shown = batch.fold(shown) { list, change -> list.applied(change) }
            emit(OutboxSnapshot(shown))
        }
    }

    /** The same as [items]. */
    public fun asFlow(): Flow<OutboxSnapshot> = items

    /**
     * Tries a failed operation again, under the same key, in its old place. Durable when this returns;
     * the network is not waited for.
     *
     * @throws CommandException.NoSuchOperation
     * @throws CommandException.WrongState when it has not failed
     */
    public suspend fun retry(operation: OperationKey): Unit = client.use { it.retry(operation) }

    /**
     * Gives up an operation that waits or has failed; a message disappears, a change is not made. With
     * the creation of a conversation go the messages that wait for it; replies in the thread of a message
     * that is given up fail with [FailureReason.RootGivenUp]. The network is not waited for.
     *
     * @throws CommandException.NoSuchOperation
     * @throws CommandException.MayBeSent when it was handed to the network and no answer came: it may be at
     *   the server, so it stays. See [discardOrDelete].
     * @throws CommandException.WrongState for a change that the server has made already
     */
    public suspend fun discard(operation: OperationKey): Unit = client.use { it.discard(operation) }

    /**
     * Gives up a message, sent or not: one that may be at the server is deleted for everyone, once that is
     * known. Until then it is shown as deleted. The network is not waited for.
     *
     * @throws CommandException.NoSuchOperation when it was sent meanwhile, and [Conversation.deleteForEveryone]
     *   is the way to delete it, or when it was given up before
     * @throws CommandException.MayBeSent for what is no message
     */
    public suspend fun discardOrDelete(operation: OperationKey): Unit = client.use { it.discardOrDelete(operation) }
}

/** The list after a change. */
public fun List<OutboxItem>.applied(change: OutboxChange): List<OutboxItem> = when (change) {
    is OutboxChange.Reset -> change.items
    is OutboxChange.Insert -> toMutableList().apply { add(change.index, change.item) }
    is OutboxChange.Update -> toMutableList().apply { set(change.index, change.item) }
    is OutboxChange.Move -> toMutableList().apply { add(change.to, removeAt(change.from)) }
    is OutboxChange.Remove -> toMutableList().apply { removeAt(change.index) }
}
