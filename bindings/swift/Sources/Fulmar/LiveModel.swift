#if canImport(Observation)
import Observation

/// The newest value of a live query, for views: SwiftUI draws again when it changes.
///
/// ```swift
/// @State private var messages: LiveModel(timeline.items)
/// …
/// List(messages.value?.items ?? []) { … }
///     .task { await messages.run() }
/// ```
@available(iOS 17, macOS 14, tvOS 17, watchOS 10, *)
@MainActor
@Observable
public final class LiveModel<Value: Sendable> {
    /// What the query shows; `nil` until it has been read for the first time.
    public private(set) var value: Value?
    /// Why the query could not be read the last time; `nil` when it could.
    public private(set) var error: WatchError?

    @ObservationIgnored private let query: Live<Value>

    public init(_ query: Live<Value>) {
        self.query = query
    }

    /// Follows the query until the task is cancelled or the client is closed: `.task` of a view does
    /// the former when the view goes away, and begins again when it comes back.
    public func run() async {
        var iterator = query.makeAsyncIterator()
        while true {
            do throws(WatchError) {
                guard let news = try await iterator.next() else { return }
                value = news
                error = nil
            } catch {
                // The iteration stays where it is: asking again skips nothing.
                self.error = error
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}
#endif
