package chat.fulmar

import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.runBlocking

/** A process that writes offline and waits to be killed. */
fun main(arguments: Array<String>) = runBlocking<Unit> {
    val (server, store, id) = arguments
    val client = Client.open(server, store)
    client.setNetwork(NetworkState.UNAVAILABLE)
    client.connection.until { it == ConnectionState.Offline }
    repeat(3) { client.conversation(ConversationId(id)).send("doomed ${it + 1}") }
    println("sent")
    awaitCancellation()
}
