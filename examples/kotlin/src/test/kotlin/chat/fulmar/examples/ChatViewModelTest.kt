package chat.fulmar.examples

import chat.fulmar.Client
import chat.fulmar.Config
import chat.fulmar.Default
import chat.fulmar.MessageState
import chat.fulmar.NetworkState
import chat.fulmar.UserId
import chat.fulmar.text
import kotlinx.coroutines.cancelChildren
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.time.Duration.Companion.seconds

class ChatViewModelTest {
    @Test
    fun `a screen shows what was typed at once, and says when there is no network`(@TempDir folder: Path) {
        val server = ProcessBuilder(System.getProperty("fulmar.mockServer"), "--port", "0", "--no-admin").start()
        try {
            val url = server.inputReader().readLine().removePrefix("listening on ")
            runBlocking {
                withTimeout(60.seconds) {
                    val client = Client.open(url, folder.resolve("alice.db").toString(), Config.Default)
                    client.signIn(UserId("alice"), "alice-password")
                    val id = client.createDirect(UserId("bob")).id
                    val model = ChatViewModel(client, UserId("alice"), id, this)

                    model.onSend("hello")
                    val shown = model.state.first { it.messages.lastOrNull()?.state == MessageState.Sent }
                    assertEquals("hello", shown.messages.last().text)
                    assertTrue(model.isMine(shown.messages.last()))
                    model.state.first { it.banner == null }
                    model.onSeen()
                    model.onReachedTop()
                    model.state.first { it.isComplete }

                    client.setNetwork(NetworkState.UNAVAILABLE)
                    model.state.first { it.banner == "No network. Messages wait." }
                    model.onSend("later")
                    val waiting = model.state.first { it.messages.last().text == "later" }.messages.last()
                    assertEquals("🕓", waiting.state.mark)
                    model.onSend(" ")
                    assertFalse(model.state.first { it.complaint != null }.complaint.isNullOrBlank())
                    model.onDiscard(waiting.key)
                    model.state.first { state -> state.messages.none { it.text == "later" } }
                    coroutineContext.cancelChildren()
                    client.shutDown()
                }
            }
        } finally {
            server.destroy()
        }
    }
}
