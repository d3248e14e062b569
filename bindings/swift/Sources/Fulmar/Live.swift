/// A live query: an asynchronous sequence that begins with what there is and goes on with what is new.
///
/// Each iteration has a watcher of its own in Rust, opened when it begins and closed when it ends: by
/// `break`, by cancelling its task, or with the client. What is new is asked for when the loop comes
/// round: a slow one costs nothing, misses nothing but what was overtaken, and holds nobody up.
///
/// It ends when the client is closed or the task is cancelled. It throws `WatchError.store` when the
/// store could not be read; iterating again is possible then.
public struct Live<Element: Sendable>: AsyncSequence, Sendable {
    private let open: @Sendable () throws -> Watching<Element>

    init<Watcher: Pulled>(_ open: @escaping @Sendable () throws -> Watcher) where Watcher.News == Element {
        self.open = { Watching(try open()) }
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(open: open)
    }

    public struct Iterator: AsyncIteratorProtocol {
        private let open: @Sendable () throws -> Watching<Element>
        private var watching: Watching<Element>?

        fileprivate init(open: @escaping @Sendable () throws -> Watching<Element>) {
            self.open = open
        }

        public mutating func next() async throws(WatchError) -> Element? {
            do {
                if Task.isCancelled { return nil }
                let watching = try self.watching ?? open()
                self.watching = watching
                return try await watching.next()
            } catch WatchError.closed, CommandError.closed {
                return nil
            } catch let error as WatchError {
                throw error
            } catch {
                throw .bug(reason: text(of: error))
            }
        }
    }
}

/// What a watcher in Rust offers.
protocol Pulled: Sendable {
    associatedtype News: Sendable
    func next() async throws -> News
    func end()
}

extension TimelineWatcher: Pulled {}
extension ConversationListWatcher: Pulled {}
extension ConversationWatcher: Pulled {}
extension ParticipantListWatcher: Pulled {}
extension PinnedMessagesWatcher: Pulled {}
extension OutboxWatcher: Pulled {}
extension SearchWatcher: Pulled {}
extension DownloadWatcher: Pulled {}
extension TypingWatcher: Pulled {}
extension PresenceWatcher: Pulled {}
extension ConnectionWatcher: Pulled {}
extension SessionWatcher: Pulled {}
extension LogWatcher: Pulled {}

/// A watcher of an iteration, closed when the iteration is given up. It holds closures, since the optimiser
/// of Swift 6.0 breaks on functions that answer with `any Pulled<Element>`.
private final class Watching<News: Sendable>: Sendable {
    private let pull: @Sendable () async throws -> News
    private let end: @Sendable () -> Void

    init<Watcher: Pulled>(_ watcher: Watcher) where Watcher.News == News {
        pull = { try await watcher.next() }
        end = { watcher.end() }
    }

    func next() async throws -> News {
        try await withTaskCancellationHandler {
            try await pull()
        } onCancel: {
            elsewhere(end)
        }
    }

    deinit {
        end()
    }
}

/// What a list shows, out of its changes.
actor Shown<Watcher: Pulled, Item: Sendable, Snapshot: Sendable>: Pulled {
    private let watcher: Watcher
    private let apply: @Sendable (inout [Item], Watcher.News) -> Void
    private let snapshot: @Sendable ([Item]) -> Snapshot
    private var items: [Item] = []

    init(
        _ watcher: Watcher,
        apply: @escaping @Sendable (inout [Item], Watcher.News) -> Void,
        snapshot: @escaping @Sendable ([Item]) -> Snapshot
    ) {
        self.watcher = watcher
        self.apply = apply
        self.snapshot = snapshot
    }

    func next() async throws -> Snapshot {
        let changes = try await watcher.next()
        apply(&items, changes)
        return snapshot(items)
    }

    nonisolated func end() {
        watcher.end()
    }
}
