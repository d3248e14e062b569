package chat.fulmar

import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class MessagesTest {
    @Test
    fun `messages are edited, deleted and reacted to, offline too`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        val (_, theirs) = his
        val key = hers.send("helo")
        theirs.timeline().shows("helo")
        hers.timeline().shows("helo")

        alice.setNetwork(NetworkState.UNAVAILABLE)
        hers.edit(key, "hello")
        hers.addReaction(key, "👍")
        hers.addReaction(key, "🎉")
        hers.removeReaction(key, "🎉")
        val here = hers.timeline().items.until { it.messages.single().text == "hello" }.messages.single()
        assertEquals(listOf(Reaction("👍", listOf(UserId("alice")))), here.reactions)
        alice.setNetwork(NetworkState.AVAILABLE)

        theirs.timeline().items.until { shown ->
            shown.messages.single().let { it.text == "hello" && it.editedAt != null && it.reactions == here.reactions }
        }
        assertEquals(listOf("helo", "hello"), theirs.fetchVersions(key).map { it.text })
        assertThrows<CommandException.NotAllowed> { theirs.edit(key, "mine") }

        hers.deleteForEveryone(key)
        theirs.timeline().items.until { it.messages.single().content == MessageContent.Deleted(UserId("alice")) }
        theirs.deleteForMe(key)
        theirs.timeline().items.until { it.messages.isEmpty() }
        assertThrows<CommandException.NoSuchMessage> { theirs.addReaction(key, "👍") }
        assertEquals(1, hers.timeline().items.until { it.messages.size == 1 }.messages.size)
    }

    @Test
    fun `a pinned message is in the list of both, and says who pinned it`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        val (_, theirs) = his
        val key = hers.send("the key is under the mat")
        theirs.timeline().shows("the key is under the mat")
        alice.setNetwork(NetworkState.UNAVAILABLE)
        hers.pinMessage(key)
        val here = hers.pinnedMessages.items.until { it.items.size == 1 }.items.single()
        assertEquals(UserId("alice"), here.pinned?.by)
        alice.setNetwork(NetworkState.AVAILABLE)
        val there = theirs.pinnedMessages.items.until { it.items.size == 1 }.items.single()
        assertEquals(key, there.key)
        assertEquals(UserId("alice"), there.pinned?.by)
        theirs.timeline().items.until { shown ->
            (shown.messages.lastOrNull()?.content as? MessageContent.System)?.notice == Notice.MessagePinned(key)
        }
        theirs.unpinMessage(key)
        hers.pinnedMessages.items.until { it.items.isEmpty() }
        val notice = theirs.timeline().items.until { it.messages.size == 2 }.messages.last().key
        val refused = assertThrows<CommandException.NotAllowed> { theirs.pinMessage(notice) }
        assertEquals(Rule.NOT_PINNABLE, refused.rule)
    }

    @Test
    fun `replies, mentions, payloads and forwarded messages arrive with all they carry`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (_, hers) = her
        val (bob, theirs) = his
        val question = hers.send("tea?")
        theirs.timeline().shows("tea?")
        theirs.send(NewMessage("yes, @Alice", mentions = listOf(UserId("alice")), replyTo = question))
        val answer = hers.timeline().items.until { it.messages.size == 2 }.messages.last()
        assertEquals(MessageContent.Text("yes, @Alice", listOf(UserId("alice"))), answer.content)
        assertEquals(question, answer.replyTo?.key)
        assertEquals("tea?", answer.replyTo?.message?.content?.text)

        hers.send(NewMessage("A place", payload = Payload("location", """{"lat":52.5}""")))
        val place = theirs.timeline().items.until { it.messages.size == 3 }.messages.last()
        assertEquals(MessageContent.Custom(Payload("location", """{"lat":52.5}"""), "A place"), place.content)
        assertThrows<CommandException.Invalid> { hers.send(NewMessage("x", payload = Payload("broken", "{"))) }

        val withCarol = bob.createDirect(UserId("carol"))
        withCarol.forward(question)
        val forwarded = withCarol.timeline().shows("tea?").messages.single()
        assertEquals(UserId("alice"), forwarded.forwardedFrom)
        assertNull(place.forwardedFrom)
    }

    @Test
    fun `it shows how many of the others have a message`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (_, hers) = her
        val (_, theirs) = his
        hers.send("read me")
        theirs.timeline().shows("read me")
        theirs.markReadUpTo(Position(1))
        hers.timeline().items.until {
            it.messages.singleOrNull()?.receipts == Receipts(others = 1, delivered = 1, read = 1)
        }
    }

    @Test
    fun `a visible timeline marks as read, and typing is seen and ends`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (_, hers) = her
        val (bob, theirs) = his
        hers.send("look")
        theirs.timeline().use { timeline ->
            timeline.setVisibility(Visibility.VISIBLE)
            timeline.items.until { it.messages.size == 1 }
            launch { timeline.items.collect {} }.also { looking ->
                bob.conversations.items.until { list -> list.items.first { it.title == "Alice" }.unreadCount == 0 }
                looking.cancelAndJoin()
            }
        }
        theirs.keystroke()
        hers.typingUsers.until { it == listOf(UserId("bob")) }
        theirs.stopTyping()
        hers.typingUsers.until { it.isEmpty() }
    }

    @Test
    fun `the outbox shows what waits, and lets go of it`() = onStage { stage ->
        val (her, _) = stage.aliceAndBob()
        val (alice, hers) = her
        val sent = hers.send("sent")
        hers.timeline().shows("sent")
        alice.setNetwork(NetworkState.UNAVAILABLE)
        hers.addReaction(sent, "👍")
        hers.send("waiting")
        val waiting = alice.outbox.items.until { it.items.size == 2 }.items
        assertEquals(listOf(Action.ADD_REACTION, Action.SEND), waiting.map { it.action })
        assertEquals(listOf(OutboxState.Waiting, OutboxState.Waiting), waiting.map { it.state })
        assertEquals(sent, waiting.first().message)
        alice.outbox.discard(waiting.first().operation)
        alice.setNetwork(NetworkState.AVAILABLE)
        alice.outbox.items.until { it.items.isEmpty() }
        hers.timeline().shows("sent", "waiting")
    }

    @Test
    fun `people who share a conversation see each other come and go`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, _) = her
        val (bob, _) = his
        alice.presence(UserId("bob")).until { it == Presence.Online }
        bob.account.setPresence(PresenceSetting.HIDDEN)
        alice.presence(UserId("bob")).until { it == Presence.Offline(null) }
        bob.account.setPresence(PresenceSetting.SHOWN)
        alice.presence(UserId("bob")).until { it == Presence.Online }
        bob.setNetwork(NetworkState.UNAVAILABLE)
        alice.presence(UserId("bob")).until { it is Presence.Offline && it.lastSeenAt != null }
        assertEquals(Presence.Unknown, alice.presence(UserId("carol")).until { true })
    }
}
