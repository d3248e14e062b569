/// A timeline at one moment.
public struct TimelineSnapshot: Hashable, Sendable {
    /// Messages and gaps, oldest first.
    public var items: [TimelineItem]
    /// The messages among them.
    public var messages: [MessageItem] { items.compactMap(\.message) }
}

extension TimelineItem {
    /// The message, if it is one.
    public var message: MessageItem? {
        switch self {
        case .message(let item): item
        case .gap: nil
        }
    }
}

/// A live view of a conversation, or of a thread: its newest 50 messages, more with `loadOlder`, and
/// everything that comes after. One that was opened around a message shows both sides of that, and more
/// with `loadNewer` until it has reached what comes in.
///
/// Confirmed messages are in the server's order; where some are missing on this device, there is a gap.
/// Behind them, in the order in which they were sent, are those that are not confirmed yet. Messages of
/// threads are in the timeline of their thread only. All iterations of one timeline show the same
/// stretch.
///
/// It begins at once with what is on this device. Where that is little, because replies in threads and
/// hidden messages lie between, the server is asked for what is before, until 20 messages are shown or
/// the beginning is reached.
public final class Timeline: Sendable {
    private let handle: TimelineHandle

    init(handle: TimelineHandle) {
        self.handle = handle
    }

    /// The messages, whenever they change. Reads the device, and never waits for the network.
    public var items: Live<TimelineSnapshot> {
        Live { [handle] in
            Shown(try handle.watch(), apply: { $0.apply($1) }, snapshot: TimelineSnapshot.init)
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with
    /// `apply(_:)` they always give what `items` shows. Reads the device, and never waits for the network.
    public var changes: Live<[TimelineChange]> {
        Live { [handle] in try handle.watch() }
    }

    /// Says whether somebody is looking. While somebody is, everything that was shown is marked as read
    /// as soon as more is asked for, with the messages of threads in between. The timeline of a thread
    /// marks nothing. PROTOCOL.md §5.5.
    public func setVisibility(_ visibility: Visibility) {
        // A closed client has nobody to tell.
        try? handle.setVisibility(visibility: visibility)
    }

    /// Asks for 50 older messages. From the device when they are there, otherwise from the server,
    /// which needs the network; `items` shows them. In a thread its root comes before the first message.
    /// PROTOCOL.md §7.5.
    ///
    /// - Throws: `.unreachable` without the network; nothing has changed then. `.cancelled`, `.closed`.
    @discardableResult
    public func loadOlder() async throws(CommandError) -> PageResult {
        try await command { try await cancellable { try await self.handle.loadOlder(cancel: $0) } }
    }

    /// Asks for 50 newer messages, in a timeline that was opened around an older one. From the device
    /// when they are there, otherwise from the server, which needs the network. PROTOCOL.md §7.5.
    ///
    /// - Throws: `.unreachable` without the network; nothing has changed then. `.cancelled`, `.closed`.
    @discardableResult
    public func loadNewer() async throws(CommandError) -> PageResult {
        try await command { try await cancellable { try await self.handle.loadNewer(cancel: $0) } }
    }

    /// Asks for up to 50 messages of a gap, from one of its ends; what is left of it stays a gap. Needs
    /// the network. PROTOCOL.md §7.5.
    ///
    /// - Throws: `.unreachable` without the network; nothing has changed then. `.cancelled`, `.closed`.
    public func loadGap(_ gap: GapRange, from end: GapEnd) async throws(CommandError) {
        try await command {
            try await cancellable { try await self.handle.loadGap(gap: gap, end: end, cancel: $0) }
        }
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
