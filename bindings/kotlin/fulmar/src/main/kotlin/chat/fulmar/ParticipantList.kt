package chat.fulmar

import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** The people of a conversation at one moment. */
public data class ParticipantListSnapshot(
    /** Everyone who takes part, by id. */
    public val items: List<Participant>,
)

/**
 * The people of a conversation, live, by their ids: what they may do, and how far each has come.
 * Somebody who is about to be added or removed is shown as if that was done.
 */
public class ParticipantList internal constructor(
    private val client: Client,
    private val conversation: ConversationId,
) {

    /** What changed, in batches; the first one begins with a [ParticipantListChange.Reset]. Applied in
     * order with [applied] they always give what [items] shows. Reads the device only. */
    public val changes: Flow<List<ParticipantListChange>> = live(
        { client.use { it.watchParticipants(conversation) } },
        { it.next() },
        { it.end() },
    )

    /** The people, whenever something of them changes. Reads the device only. */
    public val items: Flow<ParticipantListSnapshot> = flow {
        var shown = emptyList<Participant>()
        changes.collect { batch ->
            shown = batch.fold(shown) { list, change -> list.applied(change) }
            emit(ParticipantListSnapshot(shown))
        }
    }

    /** The same as [items]. */
    public fun asFlow(): Flow<ParticipantListSnapshot> = items
}

/** The list after a change. */
public fun List<Participant>.applied(change: ParticipantListChange): List<Participant> = when (change) {
    is ParticipantListChange.Reset -> change.items
    is ParticipantListChange.Insert -> toMutableList().apply { add(change.index, change.item) }
    is ParticipantListChange.Update -> toMutableList().apply { set(change.index, change.item) }
    is ParticipantListChange.Move ->
        toMutableList().apply { add(change.to, removeAt(change.from)) }
    is ParticipantListChange.Remove -> toMutableList().apply { removeAt(change.index) }
}
