package chat.fulmar

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** A server that can do nothing but what every server does: what it lacks is said, and the rest works. */
class CapabilitiesTest {
    private suspend fun lacks(capability: Capability, call: suspend () -> Unit) {
        val thrown = assertThrows<CommandException.Unsupported> { call() }
        assertEquals(capability, thrown.capability)
    }

    @Test
    fun `what a minimal server cannot do is said, and the rest works`() = onStage("--capabilities", "none") { stage ->
        val (hers, his) = stage.aliceAndBob()
        val (alice, chat) = hers
        val key = chat.send("all that I can say")
        his.second.timeline().shows("all that I can say")
        for (capability in Capability.entries) assertFalse(alice.supports(capability), "$capability")
        lacks(Capability.PINS) { chat.pinMessage(key) }
        lacks(Capability.EDITING) { chat.deleteForEveryone(key) }
        lacks(Capability.REACTIONS) { chat.addReaction(key, "👍") }
        lacks(Capability.SETTINGS) { chat.archive() }
        lacks(Capability.ADMINISTRATION) { alice.createGroup("Trip", listOf(UserId("bob"))).setTitle("Rome") }
        lacks(Capability.FORWARDING) { chat.forward(key) }
        lacks(Capability.VERSIONS) { chat.fetchVersions(key) }
        lacks(Capability.BLOCKS) { alice.account.block(UserId("bob")) }
        lacks(Capability.PUSH) { alice.removePushToken() }
        lacks(Capability.ACCOUNT_DELETION) { alice.account.delete("alice-password") }
        his.second.send("heard")
        chat.timeline().shows("all that I can say", "heard")
        alice.close()
        his.first.close()
    }

    @Test
    fun `a server that can do everything says so`() = onStage { stage ->
        val (alice, bob) = stage.aliceAndBob()
        for (capability in Capability.entries) assertTrue(alice.first.supports(capability), "$capability")
        alice.first.close()
        bob.first.close()
    }
}
