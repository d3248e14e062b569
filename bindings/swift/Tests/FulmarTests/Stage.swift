import Foundation
import Fulmar
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The mock server as a program, with the demo's users and Carol, and a folder for stores.
final class Stage: Sendable {
    let url: String
    let folder: URL
    private let admin: String
    private let process: Process
    /// The server ends with this process, however that ends.
    private let input = Pipe()

    init(_ options: String...) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fulmar-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let program = try XCTUnwrap(ProcessInfo.processInfo.environment["FULMAR_MOCK_SERVER"], "FULMAR_MOCK_SERVER")
        process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--port", "0", "--stop-with-input", "--user", "carol:carol-password"] + options
        process.standardInput = input
        let output = Pipe()
        process.standardOutput = output
        // Not this process's: a server that outlives a failed test would keep the test runner waiting.
        process.standardError = FileHandle.nullDevice
        try process.run()
        var lines = Lines(output.fileHandleForReading)
        admin = try lines.next(after: "admin on ")
        url = try lines.next(after: "listening on ")
    }

    deinit {
        // Its end is not waited for: `waitUntilExit` needs the run loop of the thread that started it.
        process.terminate()
        try? FileManager.default.removeItem(at: folder)
    }

    func store(_ device: String) -> String {
        folder.appendingPathComponent("\(device).db").path
    }

    func open(
        _ device: String,
        tokenProvider: (any TokenProvider)? = nil,
        secretStorage: (any SecretStorage)? = nil
    ) async throws -> Client {
        try await Client.open(
            server: url, store: store(device), config: .quick, tokenProvider: tokenProvider, secretStorage: secretStorage)
    }

    func signIn(_ user: String, device: String? = nil) async throws -> Client {
        let client = try await open(device ?? user)
        try await client.signIn(UserId(user), password: "\(user)-password")
        return client
    }

    /// Alice and Bob with their conversation, connected.
    func aliceAndBob() async throws -> (hers: Seat, his: Seat) {
        let alice = try await signIn("alice")
        let bob = try await signIn("bob")
        try await alice.connection.until { $0 == .live }
        try await bob.connection.until { $0 == .live }
        let hers = try await alice.createDirect(with: "bob")
        let list = try await bob.conversations.items.until { list in list.items.contains { $0.title == "Alice" } }
        let row = try XCTUnwrap(list.items.first { $0.title == "Alice" })
        return (Seat(client: alice, chat: hers), Seat(client: bob, chat: bob.conversation(row.conversationId)))
    }

    struct Seat {
        let client: Client
        let chat: Conversation
    }

    /// `POST` to the admin API.
    func admin(_ path: String, _ body: String = "{}") async throws {
        let (status, answer) = try await request("POST", "\(admin)/admin/worlds/main/\(path)", body)
        if status != 200 { throw Unexpected(text: "\(path): \(answer)") }
    }

    func fault(_ rule: String) async throws {
        try await admin("faults", rule)
    }

    func clearFaults() async throws {
        let (status, answer) = try await request("DELETE", "\(admin)/admin/worlds/main/faults", "")
        if status != 200 { throw Unexpected(text: "faults: \(answer)") }
    }

    /// What the pushes that were recorded so far carry.
    func pushes() async throws -> [String] {
        let (data, _) = try await URLSession.shared.data(
            from: try XCTUnwrap(URL(string: "\(admin)/admin/worlds/main/pushes")))
        let json = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let pushes = try XCTUnwrap(json?["pushes"] as? [[String: Any]])
        return try pushes.map { push in
            let payload = try JSONSerialization.data(withJSONObject: try XCTUnwrap(push["payload"]))
            return String(decoding: payload, as: UTF8.self)
        }
    }

    /// An access token, as the app's own backend would get one.
    func accessToken(_ user: String) async throws -> String {
        let body = #"{"userId":"\#(user)","password":"\#(user)-password","deviceId":"backend"}"#
        let (_, answer) = try await request("POST", "\(url)/v1/auth/login", body)
        let json = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        return try XCTUnwrap(json?["accessToken"] as? String)
    }

    private func request(_ method: String, _ url: String, _ body: String) async throws -> (Int, String) {
        var request = URLRequest(url: try XCTUnwrap(URL(string: url)))
        request.httpMethod = method
        request.httpBody = Data(body.utf8)
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

/// Lines of a pipe.
struct Lines {
    private let handle: FileHandle
    private var rest = Data()

    init(_ handle: FileHandle) {
        self.handle = handle
    }

    mutating func next(after prefix: String = "") throws -> String {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                rest = Data(rest[(end + 1)...])
                guard line.hasPrefix(prefix) else { throw Unexpected(text: "\(line) does not begin with \(prefix)") }
                return String(line.dropFirst(prefix.count))
            }
            let more = handle.availableData
            if more.isEmpty { throw Unexpected(text: "ended after \(String(decoding: rest, as: UTF8.self))") }
            rest += more
        }
    }
}

extension Config {
    /// As patient as needed, and quick to try again.
    static var quick: Config {
        var config = Config.default
        config.backoff = Backoff(first: .milliseconds(20), cap: .milliseconds(200))
        config.answerTimeout = .seconds(1)
        config.tokenTimeout = .seconds(1)
        return config
    }
}

extension Live {
    /// The first value that is as expected; says what was shown last when none comes.
    @discardableResult
    func until(_ expected: @escaping @Sendable (Element) -> Bool) async throws -> Element {
        try await within(.seconds(30)) {
            var last: Element?
            for try await element in self {
                if expected(element) { return element }
                last = element
            }
            throw Unexpected(text: "shown last: \(last.map { "\($0)" } ?? "nothing")")
        }
    }
}

extension Timeline {
    /// Waits until it shows exactly these texts, all of them sent.
    @discardableResult
    func shows(_ texts: String...) async throws -> TimelineSnapshot {
        try await shows(texts)
    }

    @discardableResult
    func shows(_ texts: [String]) async throws -> TimelineSnapshot {
        try await items.until { shown in
            shown.messages.map(\.text) == texts && shown.messages.allSatisfy { $0.state == .sent }
        }
    }
}

/// Runs something with an end. Only a failing test waits so long.
func within<T: Sendable>(_ time: Duration, _ work: @escaping @Sendable () async throws -> T) async throws -> T {
    try await withThrowingTaskGroup(of: T?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: time)
            return nil
        }
        defer { group.cancelAll() }
        guard let outcome = try await group.next() ?? nil else {
            // The cancelled work says how far it came.
            group.cancelAll()
            _ = try await group.next()
            throw Unexpected(text: "not within \(time)")
        }
        return outcome
    }
}

/// Looks again until it is so: for what no live query shows.
func eventually(_ what: String, _ isSo: () -> Bool) async throws {
    for _ in 0..<600 {
        if isSo() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw Unexpected(text: "never: \(what)")
}

/// The error that something throws.
func thrown<E: Error, T>(_ work: () async throws(E) -> T) async throws -> E {
    do {
        _ = try await work()
    } catch {
        return error
    }
    throw Unexpected(text: "nothing was thrown")
}
