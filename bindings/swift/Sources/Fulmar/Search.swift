/// What a search has found at one moment.
public struct SearchSnapshot: Hashable, Sendable {
    /// The best first, and of equals the newest.
    public var items: [SearchHit]
}

/// A live search: what is found on this device at once, also offline, and what the server finds with
/// `loadMore`. What the server finds is on this device from then on, so that there is one list, in one
/// order, without anything twice.
///
/// A message is found when it contains each word of the query, or words that begin with them; case and
/// accents do not matter. In scripts without spaces between words it is each part of a word.
public final class Search: Sendable {
    private let handle: SearchHandle

    init(handle: SearchHandle) {
        self.handle = handle
    }

    /// What was found, whenever that changes. Reads the device only.
    public var items: Live<SearchSnapshot> {
        Live { [handle] in
            Shown(try handle.watch(), apply: { $0.apply($1) }, snapshot: SearchSnapshot.init)
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with `apply(_:)`
    /// they always give what `items` shows. Reads the device only.
    public var changes: Live<[SearchChange]> {
        Live { [handle] in try handle.watch() }
    }

    /// Asks for 50 more: from this device as long as it has more, and then from the server, which needs
    /// the network; `items` shows them. PROTOCOL.md §7.6.
    ///
    /// - Throws: `.unreachable` without the network; `.refused` for a text without a word or with more
    ///   than 16, or when the server cannot search; `.cancelled`, `.closed`. What was found stays.
    @discardableResult
    public func loadMore() async throws(CommandError) -> PageResult {
        try await command { try await cancellable { try await self.handle.loadMore(cancel: $0) } }
    }
}

extension [SearchHit] {
    /// Makes it the list after these changes.
    public mutating func apply(_ changes: [SearchChange]) {
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
