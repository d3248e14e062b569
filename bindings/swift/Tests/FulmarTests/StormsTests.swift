import Foundation
import Fulmar
import XCTest

final class StormsTests: XCTestCase {
    func testOfflineKilledOpenedAgainOnline() async throws {
        let stage = try Stage()
        let (hers, his) = try await stage.aliceAndBob()
        await hers.client.shutDown()
        // Another process writes three messages offline, and dies without a word.
        let child = Process()
        child.executableURL = driver
        let (input, output) = (Pipe(), Pipe())
        child.standardInput = input
        child.standardOutput = output
        try child.run()
        var answers = Lines(output.fileHandleForReading)
        let chat = hers.chat.id.value
        for request in [
            #"{"do":"open","server":"\#(stage.url)","store":"\#(stage.store("alice"))"}"#,
            #"{"do":"offline"}"#,
            #"{"do":"send","conversation":"\#(chat)","text":"doomed 1"}"#,
            #"{"do":"send","conversation":"\#(chat)","text":"doomed 2"}"#,
            #"{"do":"send","conversation":"\#(chat)","text":"doomed 3"}"#,
        ] {
            input.fileHandleForWriting.write(Data((request + "\n").utf8))
            let answer = try answers.next()
            XCTAssertTrue(answer.contains("ok"), answer)
        }
        kill(child.processIdentifier, SIGKILL)
        try await eventually("dead") { !child.isRunning }

        let again = try await stage.open("alice")
        try await again.conversation(hers.chat.id).timeline().shows("doomed 1", "doomed 2", "doomed 3")
        try await his.chat.timeline().shows("doomed 1", "doomed 2", "doomed 3")
        await again.shutDown()
        await his.client.shutDown()
    }

    /// Built beside the tests.
    private var driver: URL {
        #if os(Linux)
        let tests = URL(fileURLWithPath: CommandLine.arguments[0])
        #else
        let tests = Bundle(for: StormsTests.self).bundleURL
        #endif
        return tests.deletingLastPathComponent().appendingPathComponent("FulmarDriver")
    }

    func testARefusedMessageIsShownHoldsThoseBehindItAndIsRetriedOrDiscarded() async throws {
        let stage = try Stage("--text-bytes", "20")
        let (hers, his) = try await stage.aliceAndBob()
        await hers.client.shutDown()
        // A client that has just started has not heard of this server's limit.
        try await stage.admin("users/alice/disconnect")
        let alice = try await stage.open("alice")
        let chat = alice.conversation(hers.chat.id)
        let timeline = try chat.timeline()
        let long = try await chat.send("much longer than the server likes")
        try await chat.send("behind it")
        try await stage.admin("users/alice/reconnect")
        let shown = try await timeline.items.until { list in
            guard list.messages.count == 2, case .failed = list.messages[0].state else { return false }
            return list.messages[1].state == .pending
        }
        guard case .failed(.refused(let problem)) = shown.messages[0].state else { return XCTFail("\(shown)") }
        XCTAssertEqual(problem.code, .paramsInvalid)
        XCTAssertEqual(problem.status, 422)
        try await alice.outbox.retry(long)
        try await timeline.items.until { if case .failed = $0.messages[0].state { true } else { false } }
        while true {
            do {
                try await alice.outbox.discard(long)
                break
            } catch {
                guard error == .mayBeSent(operationKey: long) else { throw error }
            }
        }
        try await timeline.shows("behind it")
        try await his.chat.timeline().shows("behind it")
        let gone = try await thrown { () async throws(CommandError) in try await alice.outbox.discard(long) }
        XCTAssertEqual(gone, .noSuchOperation(operationKey: long))
        await alice.shutDown()
        await his.client.shutDown()
    }

    func testAConversationThatCannotBeCreatedFailsAndIsRetried() async throws {
        let stage = try Stage()
        let alice = try await stage.signIn("alice")
        let chat = try await alice.createDirect(with: "dora")
        try await chat.send("are you there?")
        let list = try await alice.conversations.items.until { list in
            list.items.contains { if case .failed = $0.status { true } else { false } }
        }
        guard case .failed(let operation, .refused(let problem)) = list.items[0].status else {
            return XCTFail("\(list)")
        }
        XCTAssertEqual(problem.code, .userNotFound)
        try await stage.admin("users", #"{"userId":"dora","password":"dora-password"}"#)
        try await alice.outbox.retry(operation)
        try await chat.timeline().shows("are you there?")
        await alice.shutDown()
    }

    func testLostAnswersAndCutSocketsLoseDoubleAndReorderNothing() async throws {
        let stage = try Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let texts = (0..<60).map { "message \($0)" }
        for rule in [
            #"{"at":{"outgoing":"outcome"},"user":"alice","after":1,"times":3,"then":"cut"}"#,
            #"{"at":{"outgoing":"events"},"user":"bob","after":2,"times":3,"then":"cutInTheMiddle"}"#,
            #"{"at":{"incoming":"submit"},"user":"alice","after":4,"times":2,"then":"repeat"}"#,
            #"{"at":"handshake","times":4,"then":{"html":502}}"#,
            #"{"at":{"http":"/v1/operations"},"times":2,"then":"swallowAnswer"}"#,
            #"{"at":{"outgoing":"any"},"after":9,"times":5,"then":{"delayMs":30}}"#,
        ] {
            try await stage.fault(rule)
        }
        for (index, text) in texts.enumerated() {
            try await hers.chat.send(text)
            if index % 20 == 10 { try await stage.admin("users/alice/cut") }
        }
        for seat in [hers, his] {
            // The newest 50 is where a timeline begins.
            let timeline = try seat.chat.timeline()
            try await timeline.items.until { $0.messages.last?.text == texts.last }
            try await timeline.loadOlder()
            try await timeline.shows(texts)
        }
        await hers.client.shutDown()
        await his.client.shutDown()
    }

    func testADamagedStoreIsSetAsideAndAnotherOneIsMade() async throws {
        let stage = try Stage()
        let alice = try await stage.signIn("alice")
        await alice.shutDown()
        let file = URL(fileURLWithPath: stage.store("alice"))
        var bytes = try Data(contentsOf: file)
        bytes.replaceSubrange(0..<100, with: Data(repeating: 0x5a, count: 100))
        try bytes.write(to: file)
        let damaged = try await thrown { () async throws(OpenError) in
            try await Client.open(server: stage.url, store: stage.store("alice"))
        }
        guard case .corrupt = damaged else { return XCTFail("\(damaged)") }
        let salvage = try FulmarSDK.rebuildStore(stage.store("alice"))
        XCTAssertTrue(FileManager.default.fileExists(atPath: salvage.setAside))
        try await stage.open("alice").shutDown()
    }
}
