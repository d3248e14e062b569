// Its public types are the SDK's; everything else in it is for this package alone.
@_exported import FulmarFFI

/// What belongs to no client in particular.
public enum FulmarSDK {
    /// Makes a new store in place of a damaged one. The damaged file is set aside, never deleted; the
    /// session and what is unsent are salvaged from it as far as they can be read, and the rest comes
    /// back from the server. Does not touch the network, and blocks while it reads the file.
    ///
    /// - Throws: `RebuildError`, which says where the damaged file is.
    public static func rebuildStore(_ store: String) throws(RebuildError) -> Salvage {
        do {
            return try FulmarFFI.rebuildStore(path: store)
        } catch let error as RebuildError {
            throw error
        } catch {
            throw .bug(reason: text(of: error))
        }
    }

    /// Takes a push notification in a second process, beside an app that has the store open or not, as a
    /// notification extension does. The message is kept for the app, which shows it when it is next opened
    /// or comes to the foreground, also offline. Blocks for some milliseconds, waits for the app's
    /// transactions instead of failing, and never touches the network. PROTOCOL.md §7.8.
    ///
    /// - Throws: `.unreadable` for what is no push of Fulmar's; `.notTheirs` for one of somebody else;
    ///   `.store` when the store cannot be used: the app gets the message from the server.
    public static func handlePushBeside(store: String, payload: String) throws(PushError) -> PushNotification {
        do {
            return try FulmarFFI.handlePushBeside(store: store, payload: payload)
        } catch let error as PushError {
            throw error
        } catch {
            throw .bug(reason: text(of: error))
        }
    }

    /// The SDK's log, from now on, in batches: never tokens or message text. A slow reader costs
    /// nothing but its oldest records, and is told how many (`LogRecord.dropped`).
    public static func log(_ level: LogLevel = .info) -> Live<[LogRecord]> {
        Live { LogWatcher.open(level: level) }
    }

    /// What the SDK holds in this process at this moment: for finding leaks.
    public static func diagnostics() -> Diagnostics {
        FulmarFFI.diagnostics()
    }
}

extension Config {
    /// The settings that a client has when none are given. Change some in a copy.
    public static var `default`: Config { defaultConfig() }
}
