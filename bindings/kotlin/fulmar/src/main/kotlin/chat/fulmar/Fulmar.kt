package chat.fulmar

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.withContext

/** What belongs to no client in particular. */
public object Fulmar {
    /**
     * Makes a new store in place of a damaged one. The damaged file is set aside, never deleted; the
     * session and what is unsent are salvaged from it as far as they can be read, and the rest comes
     * back from the server. Does not touch the network.
     *
     * @throws RebuildException which says where the damaged file is
     */
    public suspend fun rebuildStore(store: String): Salvage {
        Native.ready()
        return withContext(Dispatchers.IO) {
            try {
                chat.fulmar.rebuildStore(store)
            } catch (panic: InternalException) {
                throw RebuildException.Bug(panic.message.orEmpty())
            }
        }
    }

    /**
     * Takes a push notification in a second process, beside an app that has the store at [store] open or
     * not. The message is kept for the app, which shows it when it is next opened or comes to the
     * foreground, also offline. Waits for the app's transactions instead of failing, and never touches
     * the network. PROTOCOL.md §7.8.
     *
     * @throws PushException.Unreadable for what is no push of Fulmar's
     * @throws PushException.NotTheirs for one of somebody else
     * @throws PushException.Store when the store cannot be used: the app gets the message from the server
     */
    public suspend fun handlePushBeside(store: String, payload: String): PushNotification {
        Native.ready()
        return withContext(Dispatchers.IO) {
            try {
                chat.fulmar.handlePushBeside(store, payload)
            } catch (panic: InternalException) {
                throw PushException.Bug(panic.message.orEmpty())
            }
        }
    }

    /** The SDK's log, from now on, in batches: never tokens or message text. A slow reader costs
     * nothing but its oldest records, and is told how many ([LogRecord.dropped]). */
    public fun log(level: LogLevel = LogLevel.INFO): Flow<List<LogRecord>> {
        Native.ready()
        return live({ LogWatcher.open(level) }, { it.next() }, { it.end() })
    }

    /** What the SDK holds in this process at this moment: for finding leaks. */
    public fun diagnostics(): Diagnostics {
        Native.ready()
        return chat.fulmar.diagnostics()
    }
}

/** The settings that a client has when none are given. Change some with `copy`. */
public val Config.Companion.Default: Config
    get() {
        Native.ready()
        return defaultConfig()
    }
