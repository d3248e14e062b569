import Foundation
import Fulmar
import XCTest

final class LifeTests: XCTestCase {
    func testACertificateThatTheAppTrustsIsEnoughForHttps() async throws {
        let certificate = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).pem")
        let stage = try Stage("--tls", certificate.path)
        defer { try? FileManager.default.removeItem(at: certificate) }
        XCTAssertTrue(stage.url.hasPrefix("https://"))
        let pem = try String(contentsOf: certificate, encoding: .utf8)
        let alice = try await Client.open(server: stage.url, store: stage.store("alice"), trust: [pem])
        try await alice.signIn("alice", password: "alice-password")
        try await alice.connection.until { $0 == .live }
        let stranger = try await stage.open("stranger")
        do {
            try await stranger.signIn("bob", password: "bob-password")
            XCTFail("nobody vouches for it")
        } catch {
            guard case .unreachable = error else { return XCTFail("\(error)") }
        }
    }

    func testASuspendedClientLetsGoOfItsStoreAndTakesUpAgain() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        await hers.client.suspend()
        let beside = try await stage.open("alice")
        await beside.shutDown()
        async let key = hers.chat.send("after")
        await hers.client.resume()
        _ = try await key
        try await his.chat.timeline().shows("after")
    }

    func testACancelledLoopClosesItsWatcherInRust() async throws {
        let stage = try Stage()
        let (hers, _) = try await stage.aliceAndBob()
        let before = FulmarSDK.diagnostics().watchers
        let (alice, timeline) = (hers.client, try hers.chat.timeline())
        for round in 0..<200 {
            // In the middle of waiting for something that does not come.
            let loops = [
                Task { for try await _ in timeline.items {} },
                Task { for try await _ in alice.conversations.items {} },
                Task { for try await _ in alice.connection {} },
            ]
            if round % 2 == 0 { try await timeline.items.until { _ in true } }
            for loop in loops { loop.cancel() }
            for loop in loops { try await loop.value }
        }
        try await eventually("no watchers left") { FulmarSDK.diagnostics().watchers == before }
        try await hers.chat.send("all well")
        try await timeline.shows("all well")
        await alice.shutDown()
    }

    func testThousandsOfClientsComeAndGoAndLeaveNothing() async throws {
        let stage = try Stage()
        let alice = try await stage.signIn("alice")
        let chat = try await alice.createDirect(with: "bob")
        try await chat.send("hello")
        try await chat.timeline().shows("hello")
        await alice.shutDown()
        let before = FulmarSDK.diagnostics()

        func round(_ times: Int) async throws {
            for number in 0..<times {
                let client = try await stage.open("alice")
                try await client.conversation(chat.id).timeline().items.until { _ in true }
                try await client.conversations.items.until { _ in true }
                if number % 2 == 0 { await client.shutDown() } else { client.close() }
            }
        }
        try await round(500)
        let warm = residentMiB()
        try await round(1_500)
        try await eventually("no clients left") { FulmarSDK.diagnostics().clients <= before.clients }
        try await eventually("no watchers left") { FulmarSDK.diagnostics().watchers <= before.watchers }
        try await eventually("no threads left") { fulmarThreads() == 0 }
        // A leaked client would take a hundred times that.
        XCTAssertLessThan(residentMiB() - warm, 32)
    }

    func testTheLogIsPulledAndHoldsNoSecrets() async throws {
        let stage = try Stage()
        let log = Task {
            var text = ""
            for try await batch in FulmarSDK.log(.trace) {
                text += batch.map { "\($0.target): \($0.text)\n" }.joined()
            }
            return text
        }
        let alice = try await stage.signIn("alice")
        let chat = try await alice.createDirect(with: "bob")
        try await stage.admin("users/alice/revoke-sessions")
        try await alice.session.until { if case .ended = $0 { true } else { false } }
        try await chat.send("whispered")
        await alice.shutDown()
        try await Task.sleep(for: .milliseconds(200))
        log.cancel()
        let text = try await log.value
        XCTAssertTrue(text.contains("fulmar"), text)
        for secret in ["whispered", "alice-password", "eyJ"] { XCTAssertFalse(text.contains(secret), text) }
    }

    private func residentMiB() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") } ?? "0"
        return (Int(line.filter(\.isNumber)) ?? 0) / 1024
    }

    /// Threads of clients, by their names. Only Linux can be asked so.
    private func fulmarThreads() -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        let names = tasks.compactMap { try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8) }
        return names.filter { $0.hasPrefix("fulmar") }.count
    }
}
