/// The people of a conversation at one moment.
public struct ParticipantListSnapshot: Hashable, Sendable {
    /// Everyone who takes part, by id.
    public var items: [Participant]
}

/// The people of a conversation, live, by their ids: what they may do, and how far each has come.
/// Somebody who is about to be added or removed is shown as if that was done.
public struct ParticipantList: Sendable {
    let handle: ClientHandle
    let conversation: ConversationId

    /// The people, whenever something of them changes. Reads the device only.
    public var items: Live<ParticipantListSnapshot> {
        Live { [handle, conversation] in
            Shown(
                try handle.watchParticipants(conversation: conversation),
                apply: { $0.apply($1) },
                snapshot: ParticipantListSnapshot.init
            )
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with
    /// `apply(_:)` they always give what `items` shows. Reads the device only.
    public var changes: Live<[ParticipantListChange]> {
        Live { [handle, conversation] in try handle.watchParticipants(conversation: conversation) }
    }
}

extension [Participant] {
    /// Makes it the list after these changes.
    public mutating func apply(_ changes: [ParticipantListChange]) {
        for change in changes {
            switch change {
            case .reset(let items): self = items
            case .insert(let index, let item): insert(item, at: index)
            case .update(let index, let item): self[index] = item
            case .move(let from, let to): insert(remove(at: from), at: to)
            case .remove(let index): remove(at: index)
            }
        }
    }
}
