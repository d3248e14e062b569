package chat.fulmar

import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds

class FilesTest {
    private val bytes = Random(7).nextBytes(700_000)

    @Test
    fun `files travel with all that is said about them, and come once`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        val (bob, theirs) = his
        val path = stage.folder.resolve("harbour.jpg").toFile().apply { writeBytes(bytes) }
        val picture = NewAttachment(
            path,
            width = 1600,
            height = 1200,
            blurhash = "LEHV6n",
            thumbnail = Thumbnail(byteArrayOf(1, 2, 3)),
        )
        val voice = NewAttachment(
            "note.ogg",
            byteArrayOf(9),
            kind = AttachmentKind.VOICE,
            duration = 4_200.milliseconds,
        )
        hers.send(NewMessage("The harbour", attachments = listOf(picture, voice)))
        path.delete()
        theirs.timeline().shows("The harbour")

        val (first, second) = theirs.timeline().items.first().messages.single().attachments
        assertEquals(
            listOf("harbour.jpg", "image/jpeg", AttachmentKind.IMAGE, 700_000L),
            listOf(first.name, first.mimeType, first.kind, first.size),
        )
        assertEquals(
            listOf(1600, 1200, Thumbnail(byteArrayOf(1, 2, 3))),
            listOf(first.width, first.height, first.thumbnail),
        )
        assertEquals(AttachmentKind.VOICE to 4_200.milliseconds, second.kind to second.duration)

        assertNull(bob.downloaded(first))
        val download = bob.download(first)
        val steps = async { download.progress.toList() }
        assertArrayEquals(bytes, download.finish().readBytes())
        val received = steps.await().map { it.received }
        assertEquals(received.sorted(), received)
        assertNotNull(bob.downloaded(first))
        // Her own is here from the start.
        assertNotNull(alice.downloaded(first))
        val carol = stage.signIn("carol")
        assertThrows<CommandException.Refused> { carol.download(first).finish() }
    }

    @Test
    fun `a message waits for its files, says how far they are, and can be called off`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, hers) = her
        stage.fault("""{"at": {"http": "/v1/files"}, "after": 2, "times": 0, "then": "drop"}""")
        val key = hers.send(NewAttachment("a.bin", bytes))
        hers.send("behind it")
        val uploading = hers.timeline().items.until { shown ->
            (shown.messages.firstOrNull()?.state as? MessageState.Uploading)?.let { it.sent > 0 } == true
        }
        assertEquals(MessageState.Pending, uploading.messages.last().state)
        assertTrue(alice.outbox.items.first().items.first().state is OutboxState.Uploading)
        alice.outbox.discard(key)
        his.second.timeline().shows("behind it")
        stage.clearFaults()
        assertThrows<CommandException.FileUnreadable> {
            hers.send(NewAttachment(stage.folder.resolve("nothing").toFile()))
        }
        assertThrows<CommandException.Invalid> { hers.send(NewAttachment("../a", bytes)) }
    }
}
