package chat.fulmar

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.stateIn
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import kotlin.system.measureNanoTime

/** One client, steered by lines of JSON on the standard input; `tests/languages/README.md` says how. */
fun main() = runBlocking {
    val driver = Driver()
    for (line in generateSequence(::readLine)) {
        val answer = try {
            JsonObject(mapOf("ok" to driver.act(Json.parseToJsonElement(line).jsonObject)))
        } catch (error: Exception) {
            JsonObject(mapOf("error" to JsonPrimitive(error.toString())))
        }
        println(answer)
    }
}

private class Driver {
    private var client: Client? = null

    /** What goes on beside the commands. Nothing waits for it in the end. */
    private val beside = CoroutineScope(Dispatchers.Default)

    /** Conversations that are on a screen, as the changes since it was opened add up. */
    private val screens = mutableMapOf<ConversationId, StateFlow<List<MessageItem>>>()

    suspend fun act(request: JsonObject): JsonObject {
        fun text(name: String): String = request.getValue(name).jsonPrimitive.content
        fun messages(): Int = request.getValue("messages").jsonPrimitive.int
        if (text("do") == "open") {
            client = Client.open(text("server"), text("store"), Stage.quick)
            return JsonObject(emptyMap())
        }
        val client = checkNotNull(client) { "open first" }
        fun chat() = client.conversation(ConversationId(text("conversation")))
        fun message() = OperationKey(text("message"))
        when (val command = text("do")) {
            "signIn" -> client.signIn(UserId(text("user")), text("password"))
            "session" -> {
                val session = client.currentSession
                return answer("session", if (session is SessionState.SignedIn) session.userId.value else "none")
            }
            "offline" -> {
                client.setNetwork(NetworkState.UNAVAILABLE)
                client.connection.first { it == ConnectionState.Offline }
            }
            "online" -> {
                client.setNetwork(NetworkState.AVAILABLE)
                client.connection.first { it == ConnectionState.Live }
            }
            "available" -> client.setNetwork(NetworkState.AVAILABLE)
            "unavailable" -> client.setNetwork(NetworkState.UNAVAILABLE)
            "settled" -> {
                val done = client.outbox.items.first { shown ->
                    shown.items.isEmpty() || shown.items.any { it.state is OutboxState.Failed }
                }
                check(done.items.isEmpty()) { "failed: ${done.items.first { it.state is OutboxState.Failed }}" }
            }
            "finish" -> return answer("refused", client.outbox.finish())
            "direct" -> return answer("conversation", client.createDirect(UserId(text("with"))).id.value)
            "group" -> {
                val participants = request.getValue("participants").jsonArray
                    .map { UserId(it.jsonPrimitive.content) }
                return answer("conversation", client.createGroup(text("title"), participants).id.value)
            }
            "find" -> {
                val title = text("title")
                val list = client.conversations.items.first { list -> list.items.any { it.title == title } }
                return answer("conversation", list.items.first { it.title == title }.conversationId.value)
            }
            "send" -> return answer("key", chat().send(text("text")).value)
            "edit" -> chat().edit(message(), text("text"))
            "delete" -> chat().deleteForEveryone(message())
            "hide" -> chat().deleteForMe(message())
            "react" -> chat().addReaction(message(), text("emoji"))
            "unreact" -> chat().removeReaction(message(), text("emoji"))
            "add" -> chat().addParticipants(listOf(UserId(text("user"))))
            "remove" -> chat().removeParticipant(UserId(text("user")))
            "draft" -> chat().setDraft(text("text"))
            "markRead" -> chat().markReadUpTo(Position(request.getValue("position").jsonPrimitive.long))
            "page" -> return answer("messages", chat().timeline().items.first().messages.map(::message))
            "seen" -> return answer("messages", seen(chat()).map(::message))
            "older" -> return answer("messages", chat().older().map(::message))
            "timeline" -> return answer("messages", chat().complete(messages()).map(::message))
            "read" -> chat().complete(messages()).lastOrNull()?.position?.let { chat().markReadUpTo(it) }
            "people" -> return answer("people", chat().participants.items.first().items.map(::person))
            "watch" -> seen(chat())
            "search" -> {
                val hits = client.search(text("text")).use { it.items.first().items }
                return answer("messages", hits.map { message(it.message) })
            }
            "askForSessions" -> beside.launch {
                try {
                    client.account.fetchSessions()
                } catch (_: CommandException.Closed) {
                    // It may be closed meanwhile.
                }
            }
            "list" -> return answer("conversations", client.conversations.items.first().items.map(::row))
            "bench" -> return bench(client, chat(), request.getValue("rounds").jsonPrimitive.int)
            "close" -> {
                client.shutDown()
                this.client = null
            }
            else -> error("no command $command")
        }
        return JsonObject(emptyMap())
    }

    /** Medians in microseconds: a page as a snapshot, and a call that answers at once. */
    private suspend fun bench(client: Client, chat: Conversation, rounds: Int): JsonObject {
        val (pages, calls) = LongArray(rounds) to LongArray(rounds)
        for (round in 0 until rounds) {
            pages[round] = measureNanoTime { chat.timeline().use { it.items.first() } }
            calls[round] = measureNanoTime { client.currentConnection }
        }
        fun median(times: LongArray) = times.sorted()[rounds / 2] / 1e3
        return buildJsonObject {
            put("page", median(pages))
            put("call", median(calls))
        }
    }

    /** What the screen of a conversation shows now. It is opened the first time. */
    private suspend fun seen(chat: Conversation): List<MessageItem> = screens.getOrPut(chat.id) {
        chat.timeline().items.map { it.messages }.stateIn(beside)
    }.value

    /** Waits until the server has confirmed or refused everything, and gives up what it refused. */
    private suspend fun Outbox.finish(): List<JsonElement> {
        val refused = mutableListOf<JsonElement>()
        items.onEach { shown ->
            for (item in shown.items.filter { it.state is OutboxState.Failed }) {
                discard(item.operation)
                refused += refusal(item)
            }
        }.first { it.items.isEmpty() }
        return refused
    }

    private fun refusal(item: OutboxItem) = buildJsonObject {
        put("operation", item.operation.value)
        put("conversation", item.conversationId.value)
        put("message", item.message?.value)
    }

    private fun answer(name: String, value: String) = buildJsonObject { put(name, value) }

    private fun answer(name: String, values: List<JsonElement>) = buildJsonObject { put(name, JsonArray(values)) }

    private fun message(item: MessageItem) = buildJsonObject {
        put("key", item.key.value)
        put("sender", item.sender.value)
        put("text", item.text)
        put("position", item.position?.value ?: 0)
        put("edited", item.editedAt != null)
        put("deleted", item.content is MessageContent.Deleted)
        put("reactions", JsonArray(item.reactions.map(::reaction)))
        put("delivered", item.receipts?.delivered)
        put("read", item.receipts?.read)
    }

    private fun reaction(reaction: Reaction) = buildJsonObject {
        put("emoji", reaction.emoji)
        put("users", JsonArray(reaction.userIds.map { JsonPrimitive(it.value) }))
    }

    private fun person(person: Participant) = buildJsonObject {
        put("user", person.userId.value)
        put("delivered", person.deliveredTo.value)
        put("read", person.readTo.value)
    }

    private fun row(item: ConversationItem) = buildJsonObject {
        put("conversation", item.conversationId.value)
        put("title", item.title)
        put("participants", item.participantCount)
        put("unread", item.unreadCount)
        put("preview", item.preview?.text)
        put("draft", item.draft)
    }

    /** What is shown first, after the user has scrolled up once, where the server can be asked. */
    private suspend fun Conversation.older(): List<MessageItem> = timeline().use { timeline ->
        asked { timeline.loadOlder() }
        timeline.items.first().messages
    }

    /** All messages, once there are so many and each is confirmed. What is missing is fetched. */
    private suspend fun Conversation.complete(messages: Int): List<MessageItem> {
        val timeline = timeline()
        fun TimelineSnapshot.isComplete() =
            this.messages.size >= messages && this.messages.all { it.state == MessageState.Sent }
        return timeline.items.onEach { shown ->
            val first = shown.messages.firstOrNull()?.position
            val gap = shown.items.firstNotNullOfOrNull { it as? TimelineItem.Gap }
            when {
                shown.isComplete() -> Unit
                gap != null -> fetched { timeline.loadGap(gap.range, GapEnd.NEWEST) }
                shown.messages.size < messages && first != null && first > Position(1) ->
                    fetched { timeline.loadOlder() }
            }
        }.first { it.isComplete() }.messages
    }

    /** Asks until there is an answer. */
    private suspend fun fetched(ask: suspend () -> Unit) {
        while (!asked(ask)) {
            delay(100)
        }
    }

    /** Whether the server could be asked. */
    private suspend fun asked(ask: suspend () -> Unit): Boolean = try {
        ask()
        true
    } catch (_: CommandException.Unreachable) {
        false
    } catch (_: CommandException.ForeignAnswer) {
        false
    }
}
