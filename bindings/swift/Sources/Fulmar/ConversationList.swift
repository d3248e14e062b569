/// A list of conversations at one moment.
public struct ConversationListSnapshot: Hashable, Sendable {
    /// The conversations: pinned ones, then the last active.
    public var items: [ConversationItem]
}

/// Conversations, live, at most 1,000: pinned ones first, then the last active.
public struct ConversationList: Sendable {
    let handle: ClientHandle
    let filter: ConversationFilter

    /// The conversations, whenever they change. Reads the device only.
    public var items: Live<ConversationListSnapshot> {
        Live { [handle, filter] in
            Shown(
                try handle.watchConversations(filter: filter),
                apply: { $0.apply($1) },
                snapshot: ConversationListSnapshot.init
            )
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with
    /// `apply(_:)` they always give what `items` shows. Reads the device only.
    public var changes: Live<[ConversationListChange]> {
        Live { [handle, filter] in try handle.watchConversations(filter: filter) }
    }
}

extension [ConversationItem] {
    /// Makes it the list after these changes.
    public mutating func apply(_ changes: [ConversationListChange]) {
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
