package chat.fulmar.android

import android.app.Activity
import android.app.Application
import android.net.ConnectivityManager
import chat.fulmar.AppState
import chat.fulmar.NetworkState
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], manifest = Config.NONE)
class PlatformHintsTest {
    private val application: Application = RuntimeEnvironment.getApplication()
    private val connectivity = application.getSystemService(ConnectivityManager::class.java)
    private val networks = mutableListOf<NetworkState>()
    private val apps = mutableListOf<AppState>()

    @Test
    fun `networks that go and come are passed on, until it is closed`() {
        val network = connectivity.activeNetwork!!
        val hints = PlatformHints(application, networks::add, apps::add)
        val callback = shadowOf(connectivity).networkCallbacks.single()
        callback.onLost(network)
        callback.onAvailable(network)
        assertEquals(listOf(NetworkState.UNAVAILABLE, NetworkState.AVAILABLE), networks)
        hints.close()
        assertTrue(shadowOf(connectivity).networkCallbacks.isEmpty())
    }

    @Test
    fun `no network from the beginning is known from the beginning`() {
        shadowOf(connectivity).setDefaultNetworkActive(false)
        shadowOf(connectivity).setActiveNetworkInfo(null)
        PlatformHints(application, networks::add, apps::add).close()
        assertEquals(listOf(NetworkState.UNAVAILABLE), networks)
    }

    @Test
    fun `the app is on the screen while one of its activities is`() {
        val hints = PlatformHints(application, networks::add, apps::add)
        val first = Robolectric.buildActivity(Activity::class.java).setup()
        val second = Robolectric.buildActivity(Activity::class.java).setup()
        first.stop()
        assertEquals(listOf(AppState.FOREGROUND), apps)
        second.stop()
        assertEquals(listOf(AppState.FOREGROUND, AppState.BACKGROUND), apps)
        second.start()
        assertEquals(AppState.FOREGROUND, apps.last())
        hints.close()
        second.stop()
        assertEquals(3, apps.size)
    }
}
