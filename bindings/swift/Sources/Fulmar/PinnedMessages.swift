/// The pinned messages of a conversation at one moment.
public struct PinnedMessagesSnapshot: Hashable, Sendable {
    /// All of them, the newest pin first.
    public var items: [MessageItem]
}

/// The messages that are pinned in a conversation, live, the newest pin first, whether they are old or new: they come
/// with the conversation. `MessageItem.pinned` says who pinned each, and when. A message that is about to be pinned or
/// unpinned is shown as if that was done. PROTOCOL.md §4.9.
public struct PinnedMessages: Sendable {
    let handle: ClientHandle
    let conversation: ConversationId

    /// The messages, whenever something of them changes. Reads the device only.
    public var items: Live<PinnedMessagesSnapshot> {
        Live { [handle, conversation] in
            Shown(
                try handle.watchPinnedMessages(conversation: conversation),
                apply: { $0.apply($1) },
                snapshot: PinnedMessagesSnapshot.init
            )
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with
    /// `apply(_:)` they always give what `items` shows. Reads the device only.
    public var changes: Live<[PinnedMessagesChange]> {
        Live { [handle, conversation] in try handle.watchPinnedMessages(conversation: conversation) }
    }
}

extension [MessageItem] {
    /// Makes it the list after these changes.
    public mutating func apply(_ changes: [PinnedMessagesChange]) {
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
