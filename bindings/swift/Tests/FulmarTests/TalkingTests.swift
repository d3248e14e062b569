import Fulmar
import XCTest

final class TalkingTests: XCTestCase {
    func testTwoClientsOfOneProcessTalkAndTheListFollows() async throws {
        let stage = try Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let key = try await hers.chat.send("hello")
        let shown = try await his.chat.timeline().shows("hello").messages[0]
        XCTAssertEqual(shown.id, key)
        XCTAssertEqual(shown.sender, "alice")
        XCTAssertEqual(shown.position, Position(1))
        XCTAssertLessThan(abs(shown.at.timeIntervalSinceNow), 300)

        let list = try await his.client.conversations.items.until {
            $0.items.first?.preview == Preview(sender: "alice", content: .text(text: "hello", mentions: []))
        }
        let item = list.items[0]
        XCTAssertEqual(item.unreadCount, 1)
        XCTAssertEqual(item.kind, .direct)
        XCTAssertEqual(item.participantCount, 2)
        XCTAssertEqual(item.id, item.key)
        try await his.chat.markReadUpTo(item.lastPosition)
        try await his.client.conversations.items.until { $0.items.first?.unreadCount == 0 }
        try await his.chat.send("hello to you")
        try await hers.chat.timeline().shows("hello", "hello to you")

        let group = try await hers.client.createGroup(title: "Sailing", participants: ["bob", "carol"])
        try await group.send("who comes?")
        try await his.client.conversations.items.until { $0.items.first?.title == "Sailing" }
        await hers.client.shutDown()
        await his.client.shutDown()
    }

    func testTheChangesOfATimelineAddUpToItsItems() async throws {
        let stage = try Stage()
        let (hers, _) = try await stage.aliceAndBob()
        let timeline = try hers.chat.timeline()
        let texts = (0..<5).map { "message \($0)" }
        let follower = Task {
            var (shown, batches) = ([TimelineItem](), 0)
            for try await batch in timeline.changes {
                if batches == 0, case .reset = batch[0] {} else if batches == 0 { XCTFail("\(batch)") }
                batches += 1
                shown.apply(batch)
                let messages = shown.compactMap(\.message)
                if messages.map(\.text) == texts && messages.allSatisfy({ $0.state == .sent }) { break }
            }
            return shown
        }
        for text in texts { try await hers.chat.send(text) }
        let items = try await timeline.shows(texts).items
        let added = try await follower.value
        XCTAssertEqual(added, items)
        await hers.client.shutDown()
    }

    func testOlderPagesComeForEveryIterationOfTheTimeline() async throws {
        let stage = try Stage()
        let alice = try await stage.signIn("alice")
        let chat = try await alice.createDirect(with: "bob")
        for number in 0..<120 { try await chat.send("\(number)") }
        try await chat.timeline().items.until { $0.messages.last?.text == "119" && $0.messages.last?.state == .sent }
        // Another device has only the newest 20, and gets the others from the server.
        let tablet = try await stage.signIn("alice", device: "tablet")
        let list = try await tablet.conversations.items.until { list in list.items.contains { $0.title == "Bob" } }
        let theirs = tablet.conversation(list.items.first { $0.title == "Bob" }!.conversationId)
        let timeline = try theirs.timeline()
        try await timeline.items.until { $0.messages.count == 20 }
        var page = try await timeline.loadOlder()
        XCTAssertTrue(page.hasMore)
        try await timeline.items.until { $0.messages.count == 70 }
        page = try await timeline.loadOlder()
        XCTAssertFalse(page.hasMore)
        let all = try await timeline.items.until { $0.messages.count == 120 }
        XCTAssertEqual(all.messages.map(\.text), (0..<120).map { "\($0)" })
        page = try await timeline.loadOlder()
        XCTAssertFalse(page.hasMore)
        let fresh = try await theirs.timeline().items.until { _ in true }
        XCTAssertEqual(fresh.messages.count, 50)
        await tablet.shutDown()
        let closed = try await thrown { () async throws(CommandError) in try await timeline.loadOlder() }
        XCTAssertEqual(closed, .closed)
        await alice.shutDown()
    }

    func testASlowLoopHoldsNobodyUpAndMissesNothingThatMatters() async throws {
        let stage = try Stage()
        let (hers, his) = try await stage.aliceAndBob()
        // It looks once, and then not again until everything has happened.
        var slow = try hers.chat.timeline().items.makeAsyncIterator()
        let first = try await slow.next()
        XCTAssertEqual(first?.messages.count, 0)
        for number in 0..<200 { try await hers.chat.send("\(number)") }
        try await his.chat.timeline().items.until { $0.messages.last?.text == "199" }
        try await hers.chat.timeline().items.until { $0.messages.last?.text == "199" && $0.messages.last?.state == .sent }
        let second = try await slow.next()
        XCTAssertEqual(second?.messages.count, 200)
        await hers.client.shutDown()
        await his.client.shutDown()
    }

    func testSequencesEndWhenTheClientIsClosedAndCallsSaySo() async throws {
        let stage = try Stage()
        let (hers, _) = try await stage.aliceAndBob()
        let alice = hers.client
        let timeline = try hers.chat.timeline()
        let followers = [
            Task { for try await _ in alice.connection {} },
            Task { for try await _ in timeline.items {} },
            Task { for try await _ in alice.session {} },
        ]
        try await timeline.items.until { _ in true }
        await alice.shutDown()
        for follower in followers { try await follower.value }
        let late = try await thrown { () async throws(CommandError) in try await hers.chat.send("too late") }
        XCTAssertEqual(late, .closed)
        for try await _ in alice.conversations.items { XCTFail("a closed client shows nothing") }
        await alice.shutDown()
        alice.close()
    }

    func testAnImpossibleValueIsAnErrorThatSaysWhich() async throws {
        let stage = try Stage()
        let alice = try await stage.signIn("alice")
        let invalid = try await thrown { () async throws(CommandError) in try await alice.createDirect(with: "") }
        guard case .invalid(.id, .malformed(let reason)) = invalid else { return XCTFail("\(invalid)") }
        XCTAssertEqual(reason, "an id has 1 to 128 bytes, this one has 0")
        XCTAssertTrue(invalid.localizedDescription.contains(reason), invalid.localizedDescription)
        let nowhere = try await thrown { () async throws(CommandError) in
            try await alice.conversation(ConversationId("c-nowhere")).send("hello?")
        }
        XCTAssertEqual(nowhere, .noSuchConversation(id: ConversationId("c-nowhere")))
        XCTAssertEqual("\(nowhere)", "no conversation c-nowhere here")
        // Also one that Rust never made has a text, and ends nothing.
        XCTAssertFalse("\(CommandError.noSuchConversation(id: ConversationId("")))".isEmpty)
        await alice.shutDown()
    }

    #if canImport(Observation)
    func testAModelForViewsShowsTheNewest() async throws {
        guard #available(iOS 17, macOS 14, *) else { return }
        let stage = try Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let messages = try his.chat.timeline().items
        let model = await LiveModel(messages)
        let running = Task { await model.run() }
        try await hers.chat.send("hello")
        try await his.chat.timeline().shows("hello")
        var shown: [String]?
        for _ in 0..<600 {
            shown = await model.value?.messages.map(\.text)
            if shown == ["hello"] { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        XCTAssertEqual(shown, ["hello"])
        running.cancel()
        await running.value
        await hers.client.shutDown()
        await his.client.shutDown()
    }
    #endif
}
