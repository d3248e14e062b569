package chat.fulmar

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class RulesTest {
    @Test
    fun `an app reads which value breaks which rule, and says it in its own words`() =
        onStage("--text-bytes", "20") { stage ->
            val (her, his) = stage.aliceAndBob()
            val (alice, hers) = her
            val key = hers.send("hello")
            his.second.timeline().shows("hello")

            val long = assertThrows<CommandException.Invalid> { hers.send("much longer than the server likes") }
            assertEquals(Field.TEXT to FieldRule.TooLong(mostBytes = 20), long.field to long.rule)
            assertEquals("Text: at most 20 bytes", inWords(long))
            val blank = assertThrows<CommandException.Invalid> { alice.createGroup(" ", listOf(UserId("bob"))) }
            assertEquals("Title: empty", inWords(blank))
            val noEmoji = assertThrows<CommandException.Invalid> { hers.addReaction(key, "not one") }
            assertEquals("Reaction: no emoji", inWords(noEmoji))
            val many = List(40) { NewAttachment("$it.txt", byteArrayOf(1)) }
            val tooMany = assertThrows<CommandException.Invalid> { hers.send(NewMessage("", attachments = many)) }
            assertEquals(Field.ATTACHMENTS, tooMany.field)
            assertEquals("Files: at most ${(tooMany.rule as FieldRule.TooMany).most}", inWords(tooMany))
            val oneself = assertThrows<CommandException.Invalid> { alice.createDirect(UserId("alice")) }
            assertEquals("Participants: nobody else", inWords(oneself))

            val hersAlone = assertThrows<CommandException.NotAllowed> { his.second.edit(key, "mine") }
            assertEquals(Rule.NOT_EDITABLE, hersAlone.rule)
            assertEquals("cannot be changed", inWords(hersAlone.rule))
        }

    @Test
    fun `a message that may be at the server is not discarded, but deleted once that is known`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (_, theirs) = his
        val (alice, hers) = her
        hers.send("before")
        theirs.timeline().shows("before")
        // The server hears her, and she hears nothing of it.
        stage.fault("""{"at": {"outgoing": "any"}, "user": "alice", "times": 0, "then": "drop"}""")
        val key = hers.send("did it arrive?")
        theirs.timeline().shows("before", "did it arrive?")
        alice.setNetwork(NetworkState.UNAVAILABLE)
        hers.timeline().items.until { it.messages.lastOrNull()?.state == MessageState.Unconfirmed }

        val mayBeSent = assertThrows<CommandException.MayBeSent> { alice.outbox.discard(key) }
        assertEquals(key, mayBeSent.operationKey)
        alice.outbox.discardOrDelete(key)
        val deleted = MessageContent.Deleted(UserId("alice"))
        hers.timeline().items.until { it.messages.last().content == deleted }

        stage.clearFaults()
        alice.setNetwork(NetworkState.AVAILABLE)
        theirs.timeline().items.until { it.messages.last().content == deleted }
        alice.outbox.items.until { it.items.isEmpty() }
        assertThrows<CommandException.NoSuchOperation> { alice.outbox.discardOrDelete(key) }
    }

    private fun inWords(error: CommandException.Invalid): String = "${inWords(error.field)}: ${inWords(error.rule)}"

    /** Without an `else`: what is new does not compile until it has words. */
    private fun inWords(field: Field): String = when (field) {
        Field.TEXT -> "Text"
        Field.DRAFT -> "Draft"
        Field.TITLE -> "Title"
        Field.AVATAR_URL -> "Picture"
        Field.EMOJI -> "Reaction"
        Field.PAYLOAD_TYPE, Field.PAYLOAD_DATA -> "Content"
        Field.ATTACHMENTS -> "Files"
        Field.ATTACHMENT -> "File"
        Field.PARTICIPANTS -> "Participants"
        Field.NAME -> "Name"
        Field.ID -> "Id"
        Field.NUMBER -> "Number"
        Field.CONTEXT -> "Subject"
        Field.PUSH_PAYLOAD -> "Notification"
    }

    private fun inWords(rule: FieldRule): String = when (rule) {
        FieldRule.Blank -> "empty"
        is FieldRule.TooLong -> "at most ${rule.mostBytes} bytes"
        is FieldRule.TooMany -> "at most ${rule.most}"
        FieldRule.NotAnEmoji -> "no emoji"
        FieldRule.OnlyOneself -> "nobody else"
        is FieldRule.Malformed -> "wrong (${rule.reason})"
    }

    private fun inWords(rule: Rule): String = when (rule) {
        Rule.LEFT_CONVERSATION -> "no longer here"
        Rule.BLOCKED_BY_USER -> "blocked"
        Rule.OTHER_PERSON_GONE -> "account deleted"
        Rule.ADMINS_ONLY -> "for admins only"
        Rule.ROLE_MISSING -> "the role does not suffice"
        Rule.NOT_EDITABLE -> "cannot be changed"
        Rule.NOT_DELETABLE -> "cannot be deleted"
        Rule.NOT_PINNABLE -> "cannot be pinned"
        Rule.TOO_MANY_PINNED -> "too many are pinned"
        Rule.NO_THREAD_HERE -> "no thread here"
        Rule.NOT_FORWARDABLE -> "cannot be forwarded"
        Rule.NOT_A_CHANGE -> "no change"
    }
}
