package chat.fulmar

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class PushTest {
    @Test
    fun `a push is in the timeline before the network is, also from a second process`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (_, hers) = her
        val (bob, theirs) = his
        bob.registerPushToken(PushProvider.FCM, "bobs-token")
        stage.admin("users/bob/disconnect")
        hers.send("one")
        hers.send("two")
        eventually("two pushes") { stage.pushes().size == 2 }
        val (one, two) = stage.pushes()

        val shown = bob.handlePush(one)
        assertEquals(Triple("Alice", "one", Attention.ALERT), Triple(shown.title, shown.body, shown.attention))
        assertEquals(theirs.id, shown.conversationId)
        theirs.timeline().shows("one")
        assertThrows<CommandException.Invalid> { bob.handlePush("{}") }

        val beside = Fulmar.handlePushBeside(stage.store("bob"), two)
        assertEquals("two", beside.body)
        assertEquals(2, beside.unreadCount)
        bob.setAppState(AppState.FOREGROUND)
        theirs.timeline().shows("one", "two")
        assertThrows<PushException.Unreadable> { Fulmar.handlePushBeside(stage.store("bob"), "[]") }
        assertThrows<PushException.NotTheirs> { Fulmar.handlePushBeside(stage.store("alice"), two) }
        stage.admin("users/bob/reconnect")
        bob.removePushToken()
        theirs.timeline().shows("one", "two")
    }
}
