/// What the outbox holds at one moment.
public struct OutboxSnapshot: Hashable, Sendable {
    /// The operations, in the order in which they were handed over.
    public var items: [OutboxItem]
}

/// Every operation that the server has not confirmed, live, in the order in which they were handed over,
/// and those that it refused: what, since when, how often it was tried, what it waits for, and why it
/// failed. Of the changes that were refused the newest 100 are kept.
public struct Outbox: Sendable {
    let handle: ClientHandle

    /// The operations, whenever something of them changes. Reads the device only.
    public var items: Live<OutboxSnapshot> {
        Live { [handle] in
            Shown(try handle.watchOutbox(), apply: { $0.apply($1) }, snapshot: OutboxSnapshot.init)
        }
    }

    /// What changed, in batches; the first one begins with a `.reset`. Applied in order with
    /// `apply(_:)` they always give what `items` shows. Reads the device only.
    public var changes: Live<[OutboxChange]> {
        Live { [handle] in try handle.watchOutbox() }
    }

    /// Tries a failed operation again, under the same key, in its old place. Durable when this returns;
    /// the network is not waited for.
    ///
    /// - Throws: `.noSuchOperation`; `.wrongState` when it has not failed.
    public func retry(_ operation: OperationKey) async throws(CommandError) {
        try await command { try await handle.retry(operation: operation) }
    }

    /// Gives up an operation that waits or has failed; a message disappears, a change is not made. With
    /// the creation of a conversation go the messages that wait for it; replies in the thread of a message
    /// that is given up fail with `FailureReason.rootGivenUp`. The network is not waited for.
    ///
    /// - Throws: `.noSuchOperation`; `.mayBeSent` when it was handed to the network and no answer came: it may
    ///   be at the server, so it stays, see `discardOrDelete(_:)`; `.wrongState` for a change that the server
    ///   has made already.
    public func discard(_ operation: OperationKey) async throws(CommandError) {
        try await command { try await handle.discard(operation: operation) }
    }

    /// Gives up a message, sent or not: one that may be at the server is deleted for everyone, once that is
    /// known. Until then it is shown as deleted. The network is not waited for.
    ///
    /// - Throws: `.noSuchOperation` when it was sent meanwhile, and `Conversation.deleteForEveryone(_:)` is the
    ///   way to delete it, or when it was given up before; `.mayBeSent` for what is no message.
    public func discardOrDelete(_ operation: OperationKey) async throws(CommandError) {
        try await command { try await handle.discardOrDelete(operation: operation) }
    }
}

extension [OutboxItem] {
    /// Makes it the list after these changes.
    public mutating func apply(_ changes: [OutboxChange]) {
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
