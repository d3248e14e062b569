import Foundation
import Fulmar

/// A chat in a terminal, against a running server: `--user alice --password alice-password`, and
/// `--server URL` or `--store FILE` for others than the usual.
///
/// What you type is sent. `/list` shows the conversations, `/open NUMBER` goes to one, `/direct NAME`
/// talks to a person, `/older` shows older messages, `/retry` and `/discard` deal with a failed message,
/// `/offline` and `/online` play with the network, `/quit` leaves. Kill it whenever you like.
@main
struct TerminalChat {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        let (names, values) = (words.filter { $0.hasPrefix("--") }, words.filter { !$0.hasPrefix("--") })
        let options = Dictionary(zip(names, values), uniquingKeysWith: { $1 })
        guard let user = options["--user"] else { throw Complaint(text: "--user is needed") }
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("fulmar-\(user).db").path
        let client = try await Client.open(
            server: options["--server"] ?? "http://127.0.0.1:4000", store: options["--store"] ?? temporary)
        if case .signedIn = try client.currentSession {} else {
            guard let password = options["--password"] else { throw Complaint(text: "--password is needed to sign in") }
            try await client.signIn(UserId(user), password: password)
        }
        let terminal = Terminal(client)
        try await terminal.begin()
        let (news, sender) = AsyncStream.makeStream(of: News.self)
        Task { for try await list in client.conversations.items { sender.yield(.listed(list.items)) } }
        read(into: sender)
        for await news in news {
            if case .typed("/quit") = news { break }
            do {
                switch news {
                case .typed(let line): try await terminal.obey(line)
                case .listed(let chats): try await terminal.show(chats)
                }
            } catch {
                say("! \(error)")
            }
        }
        await client.shutDown()
    }

    /// Reads what is typed. Reading blocks, so it has a thread of its own; not by `readLine`, which holds a
    /// lock that the end of the program waits for.
    private static func read(into sender: AsyncStream<News>.Continuation) {
        Thread.detachNewThread {
            var rest = Data()
            while case let more = FileHandle.standardInput.availableData, !more.isEmpty {
                rest += more
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    sender.yield(.typed(line.trimmingCharacters(in: .whitespaces)))
                    rest = rest[(end + 1)...]
                }
            }
            sender.finish()
        }
    }
}

/// What the terminal answers to, one thing at a time: a list that changes while a command runs waits for it.
enum News {
    case typed(String)
    case listed([ConversationItem])
}

/// At once, also into a pipe.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

struct Complaint: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

/// What is on the terminal, which cannot take back what it has printed: each state of each message is
/// printed once.
actor Terminal {
    private let client: Client
    private var chats: [ConversationItem] = []
    private var screen: Screen?
    private var shown: [MessageItem] = []
    private var refused: OperationKey?

    /// The conversation that is open.
    private struct Screen {
        let chat: Conversation
        let timeline: Timeline
        let showing: Task<Void, any Error>
    }

    init(_ client: Client) {
        self.client = client
    }

    func begin() async throws {
        // The first list is what there is, at once.
        for try await list in client.conversations.items {
            chats = list.items
            break
        }
        if try !goToTheFirst() { say("no conversation yet: /direct NAME begins one, /quit leaves") }
        Task { for try await state in client.connection { say("· \(describe(state))") } }
    }

    func show(_ chats: [ConversationItem]) throws {
        self.chats = chats
        if let screen { explain(screen.chat) } else { try goToTheFirst() }
    }

    /// Opens the first conversation, if there is one.
    @discardableResult
    private func goToTheFirst() throws -> Bool {
        guard let chat = chats.first else { return false }
        try open(chat.conversationId, chat.title)
        return true
    }

    func obey(_ line: String) async throws {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        guard let command = words.first else { return }
        switch (command, words.dropFirst().first) {
        case ("/list", _):
            for (number, chat) in chats.enumerated() { say("\(number)  \(chat.title) (\(chat.unreadCount) unread)") }
        case ("/open", let number?):
            guard let number = Int(number), chats.indices.contains(number) else { throw Complaint(text: "no such number") }
            try open(chats[number].conversationId, chats[number].title)
        case ("/direct", let name?): try open(await client.createDirect(with: UserId(name)).id, name)
        case ("/offline", _): client.setNetwork(.unavailable)
        case ("/online", _): client.setNetwork(.available)
        default:
            guard let screen else { throw Complaint(text: "no conversation is open: /direct NAME begins one") }
            try await obey(line, command, on: screen)
        }
    }

    /// What is about the conversation on the screen.
    private func obey(_ line: String, _ command: String, on screen: Screen) async throws {
        switch command {
        case "/older": say(try await screen.timeline.loadOlder().hasMore ? "there is more" : "that is all")
        case "/retry":
            try await client.outbox.retry(failed())
            refused = nil
        case "/discard": try await client.outbox.discard(failed())
        default: try await screen.chat.send(line)
        }
    }

    private func open(_ id: ConversationId, _ title: String) throws {
        screen?.showing.cancel()
        say("— \(title) —")
        let chat = client.conversation(id)
        let timeline = try chat.timeline()
        let showing = Task {
            var printed: [OperationKey: String] = [:]
            for try await snapshot in timeline.items {
                shown = snapshot.messages
                for item in shown where printed.updateValue(item.mark, forKey: item.key) != item.mark { show(item) }
                // What was printed was read.
                guard let newest = shown.compactMap(\.position).max() else { continue }
                do {
                    try await chat.markReadUpTo(newest)
                } catch {
                    // The conversation may be gone by now.
                    print("! \(error)")
                }
            }
        }
        screen = Screen(chat: chat, timeline: timeline, showing: showing)
    }

    private func show(_ item: MessageItem) {
        say("\(item.mark) \(item.sender): \(item.text)")
        if case .failed(let reason) = item.state { say("  \(describe(reason)) — /retry or /discard") }
    }

    /// Says so when the server refused to create this conversation.
    private func explain(_ chat: Conversation) {
        let status = chats.first { $0.conversationId == chat.id }?.status
        guard case .failed(let operation, let reason) = status, operation != refused else { return }
        say("✗ this conversation: \(describe(reason)) — /retry or /discard")
        refused = operation
    }

    private func failed() throws -> OperationKey {
        let failed = shown.first { if case .failed = $0.state { true } else { false } }
        guard let key = failed?.key ?? refused else { throw Complaint(text: "nothing failed") }
        return key
    }
}

extension MessageItem {
    var mark: String {
        switch state {
        case .pending: "…"
        case .uploading: "⇡"
        case .sending: "↑"
        case .unconfirmed: "?"
        case .sent: "✓"
        case .failed: "✗"
        }
    }
}

func describe(_ reason: FailureReason) -> String {
    switch reason {
    case .refused(let problem): problem.title
    case .fileLost: "its file is gone"
    case .rootGivenUp: "the message that it answers was given up"
    case .outcomeUnknown: "nobody knows whether it arrived"
    }
}

func describe(_ state: ConnectionState) -> String {
    switch state {
    case .signedOut: "signed out"
    case .offline: "offline"
    case .connecting(let attempt): "connecting (try \(attempt))"
    case .catchingUp: "catching up"
    case .live: "live"
    case .polling(let reason, _): "over HTTP, because \(reason)"
    case .waiting(let reason, _, _): "waiting: \(reason)"
    }
}
