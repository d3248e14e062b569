package chat.fulmar

import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native as Jna

/** What has to be so before the library is used for the first time. */
internal object Native {
    init {
        // The library wakes waiting coroutines from threads of its own. Left attached to the JVM, a
        // wake-up costs a tenth of what it costs otherwise; daemons, so that none keeps the JVM alive.
        // It has to be said before the library loads: later it is silently ignored.
        val attached = CallbackThreadInitializer(true, false, "fulmar")
        Jna.setCallbackThreadInitializer(uniffiRustFutureContinuationCallbackImpl, attached)
    }

    /** Call it before anything else of the library. */
    fun ready() = Unit
}
