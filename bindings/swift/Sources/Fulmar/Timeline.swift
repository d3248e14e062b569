/// A timeline at one moment.
public struct TimelineSnapshot: Hashable, Sendable {
    /// The messages, oldest first.
    public var items: [TimelineItem]
}

/// A live view of a conversation: its newest 50 messages, more with `loadOlder`, and everything that
/// comes after.
///
/// Confirmed messages are in the server's order and without holes; behind them, in the order in which
/// they were sent, those that are not confirmed yet. All iterations of one timeline show the same
/// stretch of the conversation.
public final class Timeline: Sendable {
    private let handle: TimelineHandle

    init(handle: TimelineHandle) {
        self.handle = handle
    }

    /// The messages, whenever they change. Reads the device only.
    public var items: Live<TimelineSnapshot> {
        Live { [handle] in
            Shown(try handle.watch(), apply: { $0.apply($1) }, snapshot: TimelineSnapshot.init)
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with
    /// `apply(_:)` they always give what `items` shows. Reads the device only.
    public var changes: Live<[TimelineChange]> {
        Live { [handle] in try handle.watch() }
    }

    /// Says whether somebody is looking. While somebody is, everything that was shown is marked as read
    /// as soon as more is asked for. PROTOCOL.md §5.5.
    public func setVisibility(_ visibility: Visibility) {
        // A closed client has nobody to tell.
        try? handle.setVisibility(visibility: visibility)
    }

    /// Asks for 50 older messages. From the device when they are there, otherwise from the server,
    /// which needs the network; `items` shows them. PROTOCOL.md §7.5.
    ///
    /// - Throws: `.unreachable` without the network; nothing has changed then. `.cancelled`, `.closed`.
    @discardableResult
    public func loadOlder() async throws(CommandError) -> History {
        try await command { try await cancellable { try await self.handle.loadOlder(cancel: $0) } }
    }
}

extension [TimelineItem] {
    /// Makes it the list after these changes.
    public mutating func apply(_ changes: [TimelineChange]) {
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
