/// A list of conversations at one moment.
public struct ConversationListSnapshot: Hashable, Sendable {
    /// The conversations: pinned ones, then the last active.
    public var items: [ConversationItem]
}

/// Conversations, live: pinned ones first, then the last active. It begins with 50, and shows 50 more with
/// each `loadMore()`; what is loaded, every iteration of this list shows.
public struct ConversationList: Sendable {
    let handle: Result<ConversationListHandle, any Error>

    /// The conversations, whenever they change. Reads the device only.
    public var items: Live<ConversationListSnapshot> {
        Live { [handle] in
            Shown(
                try handle.get().watch(),
                apply: { $0.apply($1) },
                snapshot: ConversationListSnapshot.init
            )
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with
    /// `apply(_:)` they always give what `items` shows. Reads the device only.
    public var changes: Live<[ConversationListChange]> {
        Live { [handle] in try handle.get().watch() }
    }

    /// Shows 50 more. Reads the device only: all conversations of the user are on it.
    ///
    /// - Throws: `.closed` when the client is; `.store` when the store could not be read.
    @discardableResult
    public func loadMore() async throws(WatchError) -> PageResult {
        do {
            return try await handle.get().loadMore()
        } catch let error as WatchError {
            throw error
        } catch CommandError.closed {
            throw .closed
        } catch {
            throw .bug(reason: text(of: error))
        }
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
