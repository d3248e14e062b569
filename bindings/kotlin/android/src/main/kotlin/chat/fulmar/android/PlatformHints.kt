package chat.fulmar.android

import android.app.Activity
import android.app.Application
import android.content.Context
import android.net.ConnectivityManager
import android.net.Network
import android.os.Bundle
import chat.fulmar.AppState
import chat.fulmar.Client
import chat.fulmar.NetworkState

/**
 * Tells a client what Android knows: whether there is a network, and whether the app is on the screen.
 * From when it is made until it is closed; close it with the client. Needs the permission
 * `ACCESS_NETWORK_STATE`, which the package's manifest asks for.
 */
public class PlatformHints internal constructor(
    context: Context,
    private val onNetwork: (NetworkState) -> Unit,
    private val onApp: (AppState) -> Unit,
) : AutoCloseable {

    public constructor(context: Context, client: Client) :
        this(context, client::setNetwork, client::setAppState)

    private val application = context.applicationContext as Application
    private val connectivity = context.getSystemService(ConnectivityManager::class.java)

    private val network = object : ConnectivityManager.NetworkCallback() {
        override fun onAvailable(network: Network) = onNetwork(NetworkState.AVAILABLE)

        // Of the default network: when another one takes over, `onAvailable` comes instead.
        override fun onLost(network: Network) = onNetwork(NetworkState.UNAVAILABLE)
    }

    private val screen = object : Application.ActivityLifecycleCallbacks {
        private var started = 0

        override fun onActivityStarted(activity: Activity) {
            if (started++ == 0) onApp(AppState.FOREGROUND)
        }

        override fun onActivityStopped(activity: Activity) {
            // A rotation stops an activity and starts another one; the app stays in the foreground.
            started = maxOf(0, started - 1)
            if (started == 0 && !activity.isChangingConfigurations) onApp(AppState.BACKGROUND)
        }

        override fun onActivityCreated(activity: Activity, state: Bundle?) = Unit
        override fun onActivityResumed(activity: Activity) = Unit
        override fun onActivityPaused(activity: Activity) = Unit
        override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) = Unit
        override fun onActivityDestroyed(activity: Activity) = Unit
    }

    init {
        if (connectivity.activeNetwork == null) onNetwork(NetworkState.UNAVAILABLE)
        connectivity.registerDefaultNetworkCallback(network)
        application.registerActivityLifecycleCallbacks(screen)
    }

    override fun close() {
        connectivity.unregisterNetworkCallback(network)
        application.unregisterActivityLifecycleCallbacks(screen)
    }
}
