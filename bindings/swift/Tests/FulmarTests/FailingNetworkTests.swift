import Foundation
import Fulmar
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A recipe: copy it into an app's tests. One server for all of them, a world of its own for each.
final class FailingNetworkTests: XCTestCase {
    func testAnAnswerThatIsLostDoesNotDoubleTheMessage() async throws {
        let world = try await World()
        let store = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).db").path
        let alice = try await Client.open(server: world.url, store: store)
        try await alice.signIn("alice", password: "alice-password")
        let chat = try await alice.createDirect(with: "bob")
        // The server applies the next message of Alice's, and the connection breaks before she hears of it.
        try await world.ask("POST", "faults", #"{"at": {"outgoing": "outcome"}, "user": "alice", "then": "cut"}"#)

        try await chat.send("only once")

        for try await shown in try chat.timeline().items where shown.messages.contains(where: { $0.state == .sent }) {
            break
        }
        let there = try await world.ask("GET", "users/bob/conversations")
        XCTAssertEqual(there.components(separatedBy: "only once").count, 2, there)
        await alice.close()
        try await world.end()
    }
}

/// A world of the mock server: users, clock and faults that no other test meets.
private struct World {
    let url: String
    private let path: String

    init() async throws {
        struct Told: Decodable {
            let world: String
            let url: String
        }
        let answer = try await Server.shared.ask("POST", "/admin/worlds", #"{"demo": true}"#)
        let told = try JSONDecoder().decode(Told.self, from: Data(answer.utf8))
        url = told.url
        path = "/admin/worlds/\(told.world)"
    }

    /// The admin API of this world.
    @discardableResult
    func ask(_ method: String, _ what: String, _ body: String? = nil) async throws -> String {
        try await Server.shared.ask(method, "\(path)/\(what)", body)
    }

    func end() async throws {
        _ = try await Server.shared.ask("DELETE", path)
    }
}

/// The program, once for all tests of this process; it ends with it, because its standard input does.
private final class Server: Sendable {
    static let shared = Server()
    private let admin: String
    private let process = Process()
    private let input = Pipe()

    private init() {
        let program = ProcessInfo.processInfo.environment["FULMAR_MOCK_SERVER"] ?? "/usr/local/bin/fulmar-mock-server"
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--port", "0", "--stop-with-input", "--no-demo"]
        process.standardInput = input
        process.standardError = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            fatalError("\(program) cannot be run: \(error)")
        }
        var told = ""
        while !told.contains("\n") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { fatalError("\(program) ended at once") }
            told += String(decoding: more, as: UTF8.self)
        }
        admin = String(told.prefix { $0 != "\n" }.dropFirst("admin on ".count))
    }

    func ask(_ method: String, _ path: String, _ body: String? = nil) async throws -> String {
        var request = URLRequest(url: URL(string: admin + path)!)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        let (data, response) = try await URLSession.shared.data(for: request)
        let answer = String(decoding: data, as: UTF8.self)
        XCTAssertEqual((response as? HTTPURLResponse)?.statusCode, 200, answer)
        return answer
    }
}
