import Foundation
import Fulmar

// One client, steered by lines of JSON on the standard input; `tests/languages/README.md` says how.

/// A request, or the part of it that a command needs.
struct Request: Decodable {
    let `do`: String
    var server, store, user, password, conversation, with, title, text, message, emoji: String?
    var participants: [String]?
    var messages, rounds: Int?
    var position: Int64?
}

struct Answer: Encodable {
    var ok: Result?
    var error: String?

    struct Result: Encodable {
        var conversation, key, session: String?
        var messages: [Message]?
        var people: [Participant]?
        var refused: [Refused]?
        var conversations: [Row]?
        var page, call: Double?
    }
    struct Message: Encodable {
        let key, sender, text: String
        let position: Int64
        let edited, deleted: Bool
        let reactions: [Reacted]
        let delivered, read: Int?
    }
    struct Reacted: Encodable {
        let emoji: String
        let users: [String]
    }
    struct Participant: Encodable {
        let user: String
        let delivered, read: Int64
    }
    struct Refused: Encodable {
        let operation, conversation: String
        let message: String?
    }
    struct Row: Encodable {
        let conversation, title: String
        let participants, unread: Int
        let preview: String?
        let draft: String
    }
}

struct Refusal: Error {
    let text: String
}

@main
struct Driver {
    private var client: Client?
    private var screens = [ConversationId: Screen]()

    static func main() async {
        var driver = Driver()
        let decoder = JSONDecoder()
        let encoder = JSONEncoder()
        while let line = readLine() {
            var answer = Answer()
            do {
                let request = try decoder.decode(Request.self, from: Data(line.utf8))
                answer.ok = try await driver.act(on: request)
            } catch let refusal as Refusal {
                answer.error = refusal.text
            } catch {
                answer.error = "\(error)"
            }
            guard let data = try? encoder.encode(answer) else { return }
            FileHandle.standardOutput.write(data + Data("\n".utf8))
        }
    }

    private mutating func act(on request: Request) async throws -> Answer.Result {
        var result = Answer.Result()
        if request.do == "open" {
            client = try await Client.open(server: request.need(\.server), store: request.need(\.store), config: .quick)
            return result
        }
        guard let client else { throw Refusal(text: "open first") }
        switch request.do {
        case "signIn":
            try await client.signIn(UserId(request.need(\.user)), password: request.need(\.password))
        case "session":
            result.session = if case .signedIn(let userId) = try client.currentSession { userId.value } else { "none" }
        case "offline":
            client.setNetwork(.unavailable)
            try await client.connection.until { $0 == .offline }
        case "online":
            client.setNetwork(.available)
            try await client.connection.until { $0 == .live }
        case "available":
            client.setNetwork(.available)
        case "unavailable":
            client.setNetwork(.unavailable)
        case "settled":
            let done = try await client.outbox.items.until { $0.items.isEmpty || $0.items.contains(where: \.hasFailed) }
            if let failed = done.items.first(where: \.hasFailed) { throw Refusal(text: "failed: \(failed)") }
        case "finish":
            result.refused = try await client.outbox.finish()
        case "direct":
            result.conversation = try await client.createDirect(with: UserId(request.need(\.with))).id.value
        case "group":
            let participants = (request.participants ?? []).map { UserId($0) }
            let group = try await client.createGroup(title: request.need(\.title), participants: participants)
            result.conversation = group.id.value
        case "find":
            let title: String = try request.need(\.title)
            let list = try await client.conversations.items.until { list in list.items.contains { $0.title == title } }
            result.conversation = list.items.first { $0.title == title }?.conversationId.value
        case "read":
            let chat = try client.conversation(request.chat)
            if let last = try await chat.complete(request.need(\.messages)).last?.position {
                try await chat.markReadUpTo(last)
            }
        case "page":
            result.messages = try await client.conversation(request.chat).page().map(Answer.Message.init)
        case "seen":
            result.messages = try await seen(client.conversation(request.chat)).map(Answer.Message.init)
        case "older":
            result.messages = try await client.conversation(request.chat).older().map(Answer.Message.init)
        case "timeline":
            let items = try await client.conversation(request.chat).complete(request.need(\.messages))
            result.messages = items.map(Answer.Message.init)
        case "people":
            let people = try await client.conversation(request.chat).participants.items.until { _ in true }
            result.people = people.items.map {
                Answer.Participant(user: $0.userId.value, delivered: $0.deliveredTo.value, read: $0.readTo.value)
            }
        case "watch":
            _ = try await seen(client.conversation(request.chat))
        case "search":
            let found = try await client.search(request.need(\.text)).items.until { _ in true }
            result.messages = found.items.map { Answer.Message($0.message) }
        case "askForSessions":
            Task.detached { try await client.account.fetchSessions() }
        case "list":
            let list = try await client.conversations.items.until { _ in true }
            result.conversations = list.items.map {
                Answer.Row(
                    conversation: $0.conversationId.value, title: $0.title, participants: $0.participantCount,
                    unread: $0.unreadCount, preview: $0.preview?.text, draft: $0.draft)
            }
        case "bench":
            (result.page, result.call) = try await bench(client, client.conversation(request.chat), request.need(\.rounds))
        case "close":
            await client.shutDown()
            self.client = nil
        default:
            try await client.conversation(request.chat).change(as: request, &result)
        }
        return result
    }

    /// What the screen of a conversation shows now. It is opened the first time.
    private mutating func seen(_ chat: Conversation) async throws -> [MessageItem] {
        if let screen = screens[chat.id] { return screen.shown }
        let screen = try await Screen(chat)
        screens[chat.id] = screen
        return screen.shown
    }

    /// Medians in microseconds: a page as a snapshot, and a call that answers at once.
    private func bench(_ client: Client, _ chat: Conversation, _ rounds: Int) async throws -> (Double, Double) {
        let clock = ContinuousClock()
        var (pages, calls) = ([Duration](), [Duration]())
        for _ in 0..<rounds {
            var begin = clock.now
            var items = try chat.timeline().items.makeAsyncIterator()
            _ = try await items.next()
            pages.append(clock.now - begin)
            begin = clock.now
            _ = try client.currentConnection
            calls.append(clock.now - begin)
        }
        func median(_ times: [Duration]) -> Double { times.sorted()[rounds / 2] / .microseconds(1) }
        return (median(pages), median(calls))
    }
}

/// A conversation that is on a screen: what is shown is what the changes since it was opened add up to.
final class Screen: Sendable {
    private let messages: Mutex

    init(_ chat: Conversation) async throws {
        let items = try chat.timeline().items
        let messages = Mutex()
        self.messages = messages
        let (first, opened) = AsyncStream<Void>.makeStream()
        Task.detached {
            for try await shown in items {
                messages.set(shown.messages)
                opened.finish()
            }
        }
        for await _ in first {}
    }

    var shown: [MessageItem] { messages.get() }
}

/// One value for two tasks.
final class Mutex: @unchecked Sendable {
    private let lock = NSLock()
    private var messages = [MessageItem]()

    func get() -> [MessageItem] { lock.withLock { messages } }
    func set(_ messages: [MessageItem]) { lock.withLock { self.messages = messages } }
}

extension Request {
    func need<T>(_ field: KeyPath<Request, T?>) throws -> T {
        guard let value = self[keyPath: field] else { throw Refusal(text: "\(field) is missing") }
        return value
    }

    var chat: ConversationId {
        get throws { ConversationId(try need(\.conversation)) }
    }

    var key: OperationKey {
        get throws { OperationKey(try need(\.message)) }
    }
}

extension Answer.Message {
    init(_ item: MessageItem) {
        let deleted = if case .deleted = item.content { true } else { false }
        self.init(
            key: item.key.value, sender: item.sender.value, text: item.text, position: item.position?.value ?? 0,
            edited: item.editedAt != nil, deleted: deleted,
            reactions: item.reactions.map { Answer.Reacted(emoji: $0.emoji, users: $0.userIds.map(\.value)) },
            delivered: item.receipts?.delivered, read: item.receipts?.read)
    }
}

extension OutboxItem {
    var hasFailed: Bool {
        if case .failed = state { true } else { false }
    }
}

extension TimelineItem {
    var gap: GapRange? {
        switch self {
        case .message: nil
        case .gap(let range): range
        }
    }
}

extension Outbox {
    /// Waits until the server has confirmed or refused everything, and gives up what it refused.
    func finish() async throws -> [Answer.Refused] {
        var refused = [Answer.Refused]()
        for try await shown in items {
            if shown.items.isEmpty { return refused }
            for item in shown.items where item.hasFailed {
                try await discard(item.operation)
                refused.append(
                    Answer.Refused(
                        operation: item.operation.value, conversation: item.conversationId.value,
                        message: item.message?.value))
            }
        }
        throw Refusal(text: "closed")
    }
}

extension Conversation {
    /// What a user changes. Each is durable when it returns.
    func change(as request: Request, _ result: inout Answer.Result) async throws {
        switch request.do {
        case "send": result.key = try await send(request.need(\.text)).value
        case "edit": try await edit(request.key, request.need(\.text))
        case "delete": try await deleteForEveryone(request.key)
        case "hide": try await deleteForMe(request.key)
        case "react": try await addReaction(request.key, request.need(\.emoji))
        case "unreact": try await removeReaction(request.key, request.need(\.emoji))
        case "add": try await addParticipants([UserId(request.need(\.user))])
        case "remove": try await removeParticipant(UserId(request.need(\.user)))
        case "draft": try await setDraft(request.need(\.text))
        case "markRead": try await markReadUpTo(Position(request.need(\.position)))
        default: throw Refusal(text: "no command \(request.do)")
        }
    }

    func page() async throws -> [MessageItem] {
        try await timeline().items.until { _ in true }.messages
    }

    /// The same after the user has scrolled up once, where the server can be asked.
    func older() async throws -> [MessageItem] {
        let timeline = try timeline()
        _ = try await asked { _ = try await timeline.loadOlder() }
        return try await timeline.items.until { _ in true }.messages
    }

    /// All messages, once there are so many and each is confirmed. What is missing is fetched.
    func complete(_ messages: Int) async throws -> [MessageItem] {
        let timeline = try timeline()
        for try await shown in timeline.items {
            let items = shown.messages
            if items.count >= messages && items.allSatisfy({ $0.state == .sent }) { return items }
            if let gap = shown.items.lazy.compactMap(\.gap).first {
                try await fetched { try await timeline.loadGap(gap, from: .newest) }
            } else if items.count < messages, let first = items.first?.position, first > Position(1) {
                try await fetched { _ = try await timeline.loadOlder() }
            }
        }
        throw Refusal(text: "closed")
    }

    /// Asks until there is an answer.
    private func fetched(_ ask: () async throws -> Void) async throws {
        while try await !asked(ask) {
            // Not `Task.sleep`: its timers never fire when libfaketime sets the wall clock back.
            usleep(100_000)
        }
    }

    /// Whether the server could be asked.
    private func asked(_ ask: () async throws -> Void) async throws -> Bool {
        do {
            try await ask()
            return true
        } catch CommandError.unreachable, CommandError.foreignAnswer {
            return false
        }
    }
}

extension Live {
    @discardableResult
    func until(_ expected: (Element) -> Bool) async throws -> Element {
        for try await element in self where expected(element) { return element }
        throw Refusal(text: "closed")
    }
}

extension Config {
    /// Quick to try again.
    static var quick: Config {
        var config = Config.default
        config.backoff = Backoff(first: .milliseconds(20), cap: .milliseconds(200))
        config.answerTimeout = .seconds(1)
        return config
    }
}
