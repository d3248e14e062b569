import Foundation
import Fulmar

// One client, steered by lines of JSON on the standard input; `tests/languages/README.md` says how.

/// A request, or the part of it that a command needs.
struct Request: Decodable {
    let `do`: String
    var server, store, user, password, conversation, with, title, text: String?
    var participants: [String]?
    var messages, rounds: Int?
}

struct Answer: Encodable {
    var ok: Result?
    var error: String?

    struct Result: Encodable {
        var conversation, key, session: String?
        var messages: [Message]?
        var conversations: [Row]?
        var page, call: Double?
    }
    struct Message: Encodable {
        let key, sender, text: String
        let position: Int64
    }
    struct Row: Encodable {
        let title: String
        let participants, unread: Int
        let preview: String?
    }
}

struct Refusal: Error {
    let text: String
}

@main
struct Driver {
    private var client: Client?

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
        case "send":
            result.key = try await client.conversation(request.chat).send(request.need(\.text)).value
        case "read":
            let chat = try client.conversation(request.chat)
            if let last = try await chat.complete(request.need(\.messages)).last?.position {
                try await chat.markReadUpTo(last)
            }
        case "page":
            let shown = try await client.conversation(request.chat).timeline().items.until { _ in true }
            result.messages = shown.messages.map(Answer.Message.init)
        case "timeline":
            let items = try await client.conversation(request.chat).complete(request.need(\.messages))
            result.messages = items.map(Answer.Message.init)
        case "watch":
            let items = try client.conversation(request.chat).timeline().items
            try await items.until { _ in true }
            Task.detached { for try await _ in items {} }
        case "askForSessions":
            Task.detached { try await client.account.fetchSessions() }
        case "list":
            let list = try await client.conversations.items.until { _ in true }
            result.conversations = list.items.map {
                Answer.Row(
                    title: $0.title, participants: $0.participantCount, unread: $0.unreadCount, preview: $0.preview?.text)
            }
        case "bench":
            (result.page, result.call) = try await bench(client, client.conversation(request.chat), request.need(\.rounds))
        case "close":
            await client.shutDown()
            self.client = nil
        default:
            throw Refusal(text: "no command \(request.do)")
        }
        return result
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

extension Request {
    func need<T>(_ field: KeyPath<Request, T?>) throws -> T {
        guard let value = self[keyPath: field] else { throw Refusal(text: "\(field) is missing") }
        return value
    }

    var chat: ConversationId {
        get throws { ConversationId(try need(\.conversation)) }
    }
}

extension Answer.Message {
    init(_ item: MessageItem) {
        self.init(key: item.key.value, sender: item.sender.value, text: item.text, position: item.position?.value ?? 0)
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

extension Conversation {
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
        while true {
            do {
                return try await ask()
            } catch CommandError.unreachable {
                // Not `Task.sleep`: its timers never fire when libfaketime sets the wall clock back.
                usleep(100_000)
            }
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
