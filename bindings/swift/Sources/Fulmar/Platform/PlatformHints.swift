#if canImport(Network)
import Foundation
import Network

#if canImport(UIKit) && !os(watchOS)
import UIKit
#endif

/// Tells a client what the platform knows: whether there is a network, and whether the app is on the
/// screen. It does so for as long as it is held, and keeps no client alive.
public final class PlatformHints: Sendable {
    private let monitor = NWPathMonitor()
    private let observers: Observers

    fileprivate init(of client: Client) {
        monitor.pathUpdateHandler = { [weak client] path in
            client?.setNetwork(path.status == .unsatisfied ? .unavailable : .available)
        }
        monitor.start(queue: DispatchQueue(label: "chat.fulmar.network"))
        observers = Observers(of: client)
    }

    deinit {
        monitor.cancel()
        observers.remove()
    }
}

/// Registrations with the notification center, which are removed once.
private final class Observers: @unchecked Sendable {
    // Written in `init` and read in `remove`, which its only owner calls when it goes.
    private var tokens: [any NSObjectProtocol] = []

    init(of client: Client) {
        #if canImport(UIKit) && !os(watchOS)
        observe(UIApplication.didEnterBackgroundNotification, .background, client)
        observe(UIApplication.willEnterForegroundNotification, .foreground, client)
        #endif
    }

    private func observe(_ name: Notification.Name, _ state: AppState, _ client: Client) {
        let token = NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) {
            [weak client] _ in client?.setAppState(state)
        }
        tokens.append(token)
    }

    func remove() {
        for token in tokens { NotificationCenter.default.removeObserver(token) }
    }
}

extension Client {
    /// Passes on what the platform says about network and screen, for as long as the result is held.
    public func followPlatform() -> PlatformHints {
        PlatformHints(of: self)
    }
}
#endif
