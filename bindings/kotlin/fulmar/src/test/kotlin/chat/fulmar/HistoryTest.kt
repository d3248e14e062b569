package chat.fulmar

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class HistoryTest {
    @Test
    fun `a thread has its own timeline and is counted under its message`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (_, hers) = her
        val (_, theirs) = his
        val root = hers.send("Where?")
        theirs.timeline().shows("Where?")
        theirs.thread(root).send("At the harbour")
        val timeline = hers.thread(root).timeline()
        timeline.shows("Where?", "At the harbour")
        hers.send(NewMessage("At six", threadRoot = root))
        val thread = timeline.shows("Where?", "At the harbour", "At six").messages
        assertEquals(listOf(null, root, root), thread.map { it.threadRoot })
        val beside = theirs.timeline().items.until { it.messages.singleOrNull()?.thread?.count == 2 }
        assertNull(beside.messages.single().threadRoot)
        assertThrows<CommandException.NotAllowed> { hers.thread(thread[2].key).send("no") }
    }

    @Test
    fun `a jump shows both sides and goes on, and gaps are filled`() = onStage { stage ->
        val (her, _) = stage.aliceAndBob()
        val (_, hers) = her
        val keys = (0 until 150).map { hers.send("$it") }
        hers.timeline().items.until {
            it.messages.lastOrNull()?.state == MessageState.Sent &&
                it.messages.last().text == "149"
        }

        val tablet = stage.open("alice-tablet").apply { signIn(UserId("alice"), "alice-password") }
        val id = tablet.conversations.items.until { list -> list.items.any { it.title == "Bob" } }
            .items.first { it.title == "Bob" }.conversationId
        val chat = tablet.conversation(id)
        val whole = chat.timeline()
        whole.items.until { it.messages.size == 20 }
        val past = chat.timelineAround(Anchor.Message(keys[50]))
        past.items.until { shown -> shown.messages.map { it.text } == (25 until 75).map { "$it" } }
        assertTrue(past.loadNewer().hasMore)
        past.items.until { it.messages.size == 100 }

        // What came by the jump and what was there before is one timeline, with a gap in between.
        assertTrue(whole.loadOlder().hasMore)
        past.loadNewer()
        while (whole.loadOlder().hasMore) Unit
        val all = whole.items.until { it.messages.size == 150 }
        assertEquals(150, all.items.size)
        assertEquals("${keys[0]}", all.items.first().key)
        assertThrows<CommandException.Refused> {
            chat.timelineAround(Anchor.Message(OperationKey("0190b5f0-0000-7000-8000-000000000001")))
        }
    }

    @Test
    fun `messages are found on the device and at the server`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        repeat(60) { hers.send("needle $it") }
        hers.send("東京で会いましょう")
        his.second.timeline().items.until { it.messages.lastOrNull()?.text == "東京で会いましょう" }
        val hit = alice.search("東京").items.until { it.items.size == 1 }.items.single()
        assertEquals(listOf(TextPiece.Hit("東京"), TextPiece.Plain("で会いましょう")), hit.pieces)
        assertEquals(his.second.id, hit.conversationId)

        val tablet = stage.open("bob-tablet").apply { signIn(UserId("bob"), "bob-password") }
        tablet.connection.until { it == ConnectionState.Live }
        val search = tablet.search(SearchQuery("need", senderId = UserId("alice")))
        search.items.until { it.items.size == 19 }
        while (search.loadMore().hasMore) Unit
        val all = search.items.until { it.items.size == 60 }
        assertEquals(60, all.items.map { it.message.key }.toSet().size)
    }
}
