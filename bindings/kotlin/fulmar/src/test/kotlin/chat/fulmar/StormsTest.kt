package chat.fulmar

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.File
import java.nio.file.Files
import java.nio.file.Path

class StormsTest {
    @Test
    fun `offline, killed, opened again, online`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, chat) = her
        alice.shutDown()
        // Another process writes three messages offline, and dies without a word.
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val child = ProcessBuilder(
            java,
            "-Djna.library.path=${System.getProperty("jna.library.path")}",
            "-cp",
            System.getProperty("java.class.path"),
            "chat.fulmar.DriverKt",
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val (input, output) = child.outputWriter() to child.inputReader()
        for (request in listOf(
            """{"do":"open","server":"${stage.url}","store":"${stage.store("alice")}"}""",
            """{"do":"offline"}""",
            """{"do":"send","conversation":"${chat.id}","text":"doomed 1"}""",
            """{"do":"send","conversation":"${chat.id}","text":"doomed 2"}""",
            """{"do":"send","conversation":"${chat.id}","text":"doomed 3"}""",
        )) {
            input.write("$request\n")
            input.flush()
            assertTrue(output.readLine().contains("ok"), request)
        }
        child.destroyForcibly().waitFor()

        val again = stage.open("alice")
        val texts = arrayOf("doomed 1", "doomed 2", "doomed 3")
        again.conversation(chat.id).timeline().shows(*texts)
        his.second.timeline().shows(*texts)
        again.shutDown()
        his.first.shutDown()
    }

    @Test
    fun `a refused message is shown, holds those behind it, and is retried or discarded`() =
        onStage("--text-bytes", "20") { stage ->
            val (her, his) = stage.aliceAndBob()
            her.first.shutDown()
            // A client that has just started has not heard of this server's limit.
            stage.admin("users/alice/disconnect")
            val alice = stage.open("alice")
            val chat = alice.conversation(her.second.id)
            val timeline = chat.timeline()
            val long = chat.send("much longer than the server likes")
            chat.send("behind it")
            stage.admin("users/alice/reconnect")
            val failed = timeline.items.until { list ->
                list.messages.size == 2 && list.messages[0].state is MessageState.Failed &&
                    list.messages[1].state == MessageState.Pending
            }.messages[0].state as MessageState.Failed
            val reason = failed.reason as FailureReason.Refused
            assertEquals(Code.ParamsInvalid, reason.problem.code)
            assertEquals(422, reason.problem.status)
            alice.outbox.retry(long)
            timeline.items.until { list -> list.messages[0].state is MessageState.Failed }
            while (true) {
                try {
                    alice.outbox.discard(long)
                    break
                } catch (stillOnItsWay: CommandException.MayBeSent) {
                    assertEquals(long, stillOnItsWay.operationKey)
                }
            }
            timeline.shows("behind it")
            his.second.timeline().shows("behind it")
            assertThrows<CommandException.NoSuchOperation> { alice.outbox.discard(long) }
            alice.shutDown()
            his.first.shutDown()
        }

    @Test
    fun `a conversation that cannot be created fails, and is retried`() = onStage { stage ->
        val alice = stage.signIn("alice")
        val chat = alice.createDirect(UserId("dora"))
        chat.send("are you there?")
        val list = alice.conversations.items.until { list ->
            list.items.any { it.status is ConversationStatus.Failed }
        }
        val failed = list.items.first { it.status is ConversationStatus.Failed }.status as ConversationStatus.Failed
        assertEquals(Code.UserNotFound, (failed.reason as FailureReason.Refused).problem.code)
        stage.admin("users", """{"userId":"dora","password":"dora-password"}""")
        alice.outbox.retry(failed.operation)
        chat.timeline().shows("are you there?")
        alice.shutDown()
    }

    @Test
    fun `lost answers and cut sockets lose, double and reorder nothing`() = onStage { stage ->
        val (her, his) = stage.aliceAndBob()
        val (alice, chat) = her
        val texts = Array(60) { "message $it" }
        for (rule in listOf(
            """{"at":{"outgoing":"outcome"},"user":"alice","after":1,"times":3,"then":"cut"}""",
            """{"at":{"outgoing":"events"},"user":"bob","after":2,"times":3,"then":"cutInTheMiddle"}""",
            """{"at":{"incoming":"submit"},"user":"alice","after":4,"times":2,"then":"repeat"}""",
            """{"at":"handshake","times":4,"then":{"html":502}}""",
            """{"at":{"http":"/v1/operations"},"times":2,"then":"swallowAnswer"}""",
            """{"at":{"outgoing":"any"},"after":9,"times":5,"then":{"delayMs":30}}""",
        )) {
            stage.fault(rule)
        }
        for ((index, text) in texts.withIndex()) {
            chat.send(text)
            if (index % 20 == 10) stage.admin("users/alice/cut")
        }
        // The newest 50 is where a timeline begins.
        for (conversation in listOf(chat, his.second)) {
            val timeline = conversation.timeline()
            timeline.items.until { it.messages.lastOrNull()?.text == texts.last() }
            timeline.loadOlder()
            timeline.shows(*texts)
        }
        alice.shutDown()
        his.first.shutDown()
    }

    @Test
    fun `a damaged store is set aside and what is unsent comes out of it`() = onStage { stage ->
        val alice = stage.signIn("alice")
        alice.isLive()
        alice.setNetwork(NetworkState.UNAVAILABLE)
        val chat = alice.createDirect(UserId("bob"))
        chat.send("unsent")
        alice.shutDown()
        val file = File(stage.store("alice"))
        val bytes = file.readBytes()
        bytes.fill(0x5a, 0, 100)
        file.writeBytes(bytes)
        assertThrows<OpenException.Corrupt> { stage.open("alice") }
        val salvage = Fulmar.rebuildStore(stage.store("alice"))
        assertTrue(Files.exists(Path.of(salvage.setAside)))
        stage.open("alice").shutDown()
    }
}
