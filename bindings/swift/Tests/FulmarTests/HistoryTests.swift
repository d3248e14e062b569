import XCTest

@testable import Fulmar

final class HistoryTests: XCTestCase {
    func testAThreadHasItsOwnTimelineAndIsCountedUnderItsMessage() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let root = try await hers.chat.send("Where?")
        try await his.chat.timeline().shows("Where?")
        try await his.chat.thread(root).send("At the harbour")
        let timeline = try hers.chat.thread(root).timeline()
        try await timeline.shows("Where?", "At the harbour")
        try await hers.chat.send(NewMessage(text: "At six", threadRoot: root))
        let thread = try await timeline.shows("Where?", "At the harbour", "At six").messages
        XCTAssertEqual(thread.map(\.threadRoot), [nil, root, root])
        let beside = try await his.chat.timeline().items.until {
            $0.messages.count == 1 && $0.messages[0].thread?.count == 2
        }
        XCTAssertNil(beside.messages[0].threadRoot)
        do {
            try await hers.chat.thread(thread[2].key).send("no")
            XCTFail("there is no thread in a thread")
        } catch {
            guard case .notAllowed = error else { return XCTFail("\(error)") }
        }
    }

    func testAJumpShowsBothSidesAndGoesOn() async throws {
        let stage = try await Stage()
        let (hers, _) = try await stage.aliceAndBob()
        var keys: [OperationKey] = []
        for number in 0..<150 { keys.append(try await hers.chat.send("\(number)")) }
        try await hers.chat.timeline().items.until {
            $0.messages.last?.text == "149" && $0.messages.last?.state == .sent
        }
        let tablet = try await stage.open("alice-tablet")
        try await tablet.signIn("alice", password: "alice-password")
        let list = try await tablet.conversations.items.until { list in list.items.contains { $0.title == "Bob" } }
        let chat = tablet.conversation(list.items.first { $0.title == "Bob" }!.conversationId)
        let whole = try chat.timeline()
        try await whole.items.until { $0.messages.count == 20 }
        let past = try await chat.timelineAround(.message(key: keys[50]))
        try await past.items.until { $0.messages.map(\.text) == (25..<75).map { "\($0)" } }
        let newest = try await past.loadNewer()
        XCTAssertTrue(newest.hasMore)
        try await past.items.until { $0.messages.count == 100 }
        // What the jump brought and what was there before is one timeline, with a gap in between.
        while try await whole.loadOlder().hasMore {}
        let gapped = try await whole.items.until { $0.messages.count == 145 }
        for case .gap(let range) in gapped.items {
            XCTAssertEqual(range, GapRange(from: Position(126), to: Position(130), count: 5))
            try await whole.loadGap(range, from: .oldest)
        }
        let all = try await whole.items.until { $0.messages.count == 150 }
        XCTAssertEqual(all.items.count, 150)
        XCTAssertEqual(all.items.first?.id, .message(keys[0]))
    }

    func testMessagesAreFoundOnTheDeviceAndAtTheServer() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        for number in 0..<60 { try await hers.chat.send("needle \(number)") }
        try await hers.chat.send("東京で会いましょう")
        try await his.chat.timeline().items.until { $0.messages.last?.text == "東京で会いましょう" }
        let found = try await hers.client.search("東京").items.until { $0.items.count == 1 }
        XCTAssertEqual(found.items[0].pieces, [.hit(text: "東京"), .plain(text: "で会いましょう")])
        XCTAssertEqual(found.items[0].conversationId, his.chat.id)

        let tablet = try await stage.open("bob-tablet")
        try await tablet.signIn("bob", password: "bob-password")
        try await tablet.connection.until { $0 == .live }
        let search = try tablet.search(SearchQuery(text: "need", senderId: "alice"))
        try await search.items.until { $0.items.count == 19 }
        while try await search.loadMore().hasMore {}
        let all = try await search.items.until { $0.items.count == 60 }
        XCTAssertEqual(Set(all.items.map(\.id)).count, 60)
    }
}
