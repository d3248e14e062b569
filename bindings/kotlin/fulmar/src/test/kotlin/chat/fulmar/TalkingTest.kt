package chat.fulmar

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.time.Clock
import kotlin.time.Duration.Companion.minutes

class TalkingTest {
    @Test
    fun `two clients of one process talk, and the list follows`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        val (bob, theirs) = his
        val key = hers.send("hello")
        val shown = theirs.timeline().shows("hello").messages.single()
        assertEquals(key, shown.key)
        assertEquals(UserId("alice"), shown.sender)
        assertEquals(Position(1), shown.position)
        assertTrue((Clock.System.now() - shown.at).absoluteValue < 5.minutes)

        val item = bob.conversations.asFlow().until { list ->
            list.items.first().preview == Preview(UserId("alice"), MessageContent.Text("hello", emptyList()))
        }.items.first()
        assertEquals(1, item.unreadCount)
        assertEquals(ConversationKind.DIRECT, item.kind)
        assertEquals(2, item.participantCount)
        theirs.markReadUpTo(item.lastPosition)
        bob.conversations.items.until { it.items.first().unreadCount == 0 }
        theirs.send("hello to you")
        hers.timeline().shows("hello", "hello to you")

        val group = alice.createGroup("Sailing", listOf(UserId("bob"), UserId("carol")))
        group.send("who comes?")
        bob.conversations.items.until { it.items.first().title == "Sailing" }
        alice.shutDown()
        bob.shutDown()
    }

    @Test
    fun `the changes of a timeline add up to its items`() = onStage { stage ->
        val (her, _) = stage.aliceAndBob()
        val (alice, chat) = her
        val timeline = chat.timeline()
        val batches = mutableListOf<List<TimelineChange>>()
        val collector = launch { timeline.changes.collect { batches += it } }
        repeat(5) { chat.send("message $it") }
        val items = timeline.shows(*Array(5) { "message $it" }).items
        eventually("the same by its changes") {
            batches.flatten().fold(emptyList<TimelineItem>()) { list, change -> list.applied(change) } == items
        }
        assertTrue(batches.first().first() is TimelineChange.Reset)
        collector.cancelAndJoin()
        alice.shutDown()
    }

    @Test
    fun `older pages come for every collector, and stay for one that comes back`() = onStage { stage ->
        val alice = stage.signIn("alice")
        val chat = alice.createDirect(UserId("bob"))
        repeat(120) { chat.send("$it") }
        chat.timeline().items.until { list ->
            list.messages.lastOrNull()?.let {
                it.text == "119" &&
                    it.state == MessageState.Sent
            }
                ?: false
        }
        // Another device has only the newest 20, and gets the others from the server.
        val tablet = stage.signIn("alice", device = "tablet")
        val id = tablet.conversations.items.until { list -> list.items.any { it.title == "Bob" } }
            .items.first { it.title == "Bob" }.conversationId
        val timeline = tablet.conversation(id).timeline()
        timeline.items.until { it.messages.size == 20 }
        assertTrue(timeline.loadOlder().hasMore)
        timeline.items.until { it.messages.size == 70 }
        assertFalse(timeline.loadOlder().hasMore)
        val all = timeline.items.until { it.messages.size == 120 }
        assertEquals((0 until 120).map { "$it" }, all.messages.map { it.text })
        assertFalse(timeline.loadOlder().hasMore)
        assertEquals(50, tablet.conversation(id).timeline().items.first().messages.size)
        stage.admin("users/alice/disconnect")
        tablet.setNetwork(NetworkState.UNAVAILABLE)
        tablet.connection.until { it == ConnectionState.Offline }
        tablet.shutDown()
        assertThrows<CommandException.Closed> { timeline.loadOlder() }
        alice.shutDown()
    }

    @Test
    fun `a slow collector holds nobody up and misses nothing that matters`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, chat) = her
        val timeline = chat.timeline()
        val wakeUp = CompletableDeferred<Unit>()
        val slow = launch {
            // It looks once, and then not again until everything has happened.
            val seen = timeline.items.take(2)
            var first = true
            seen.collect { snapshot ->
                if (first) {
                    first = false
                    wakeUp.await()
                } else {
                    assertEquals(200, snapshot.messages.size)
                }
            }
        }
        repeat(200) { chat.send("$it") }
        val other = his.second.timeline()
        other.items.until { it.messages.lastOrNull()?.text == "199" }
        chat.timeline().items.until {
            it.messages.last().text == "199" && it.messages.last().state == MessageState.Sent
        }
        wakeUp.complete(Unit)
        slow.join()
        alice.shutDown()
        his.first.shutDown()
    }

    @Test
    fun `flows complete when the client is closed, and calls say so`() = onStage { stage ->
        val (her, _) = stage.aliceAndBob()
        val (alice, chat) = her
        val timeline = chat.timeline()
        val states = launch { alice.connection.toList() }
        val messages = launch { timeline.items.toList() }
        val session = launch { alice.session.toList() }
        timeline.items.first()
        alice.shutDown()
        listOf(states, messages, session).forEach { it.join() }
        assertThrows<CommandException.Closed> { chat.send("too late") }
        assertThrows<CommandException.Closed> { alice.createDirect(UserId("carol")) }
        assertTrue(alice.conversations.items.toList().isEmpty())
        alice.shutDown()
        alice.close()
    }

    @Test
    fun `an impossible value is an error that says which`() = onStage { stage ->
        val alice = stage.signIn("alice")
        val error = assertThrows<CommandException.Invalid> { alice.createDirect(UserId("")) }
        assertEquals(Field.ID, error.field)
        assertTrue(error.message.contains("an id has 1 to 128 bytes"), error.message)
        val nowhere = assertThrows<CommandException.NoSuchConversation> {
            alice.conversation(ConversationId("c-nowhere")).send("hello?")
        }
        assertEquals(ConversationId("c-nowhere"), nowhere.id)
        assertEquals("no conversation c-nowhere here", nowhere.message)
        assertThrows<CommandException.Invalid> { alice.createDirect(UserId("bob")).send("  ") }
        alice.shutDown()
    }
}
