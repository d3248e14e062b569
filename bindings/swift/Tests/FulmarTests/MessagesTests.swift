import XCTest

@testable import Fulmar

final class MessagesTests: XCTestCase {
    func testMessagesAreEditedDeletedAndReactedToOfflineToo() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let key = try await hers.chat.send("helo")
        try await his.chat.timeline().shows("helo")
        try await hers.chat.timeline().shows("helo")

        hers.client.setNetwork(.unavailable)
        try await hers.chat.edit(key, "hello")
        try await hers.chat.addReaction(key, "👍")
        try await hers.chat.addReaction(key, "🎉")
        try await hers.chat.removeReaction(key, "🎉")
        let thumbs = [Reaction(emoji: "👍", userIds: ["alice"])]
        try await hers.chat.timeline().items.until {
            $0.messages.first?.text == "hello" && $0.messages.first?.reactions == thumbs
        }
        hers.client.setNetwork(.available)

        try await his.chat.timeline().items.until {
            $0.messages.first?.text == "hello" && $0.messages.first?.editedAt != nil && $0.messages.first?.reactions == thumbs
        }
        let versions = try await his.chat.fetchVersions(key)
        XCTAssertEqual(versions.map(\.text), ["helo", "hello"])
        do {
            try await his.chat.edit(key, "mine")
            XCTFail("it is hers")
        } catch {
            guard case .notAllowed = error else { return XCTFail("\(error)") }
        }

        try await hers.chat.deleteForEveryone(key)
        try await his.chat.timeline().items.until { $0.messages.first?.content == .deleted(by: "alice") }
        try await his.chat.deleteForMe(key)
        try await his.chat.timeline().items.until { $0.messages.isEmpty }
        try await hers.chat.timeline().items.until { $0.messages.count == 1 }
    }

    func testAPinnedMessageIsInTheListOfBothAndSaysWhoPinnedIt() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let key = try await hers.chat.send("the key is under the mat")
        try await his.chat.timeline().shows("the key is under the mat")
        hers.client.setNetwork(.unavailable)
        try await hers.chat.pinMessage(key)
        let here = try await hers.chat.pinnedMessages.items.until { $0.items.count == 1 }
        XCTAssertEqual(here.items.first?.pinned?.by, "alice")
        hers.client.setNetwork(.available)
        let there = try await his.chat.pinnedMessages.items.until { $0.items.count == 1 }
        XCTAssertEqual(there.items.first?.key, key)
        XCTAssertEqual(there.items.first?.pinned?.by, "alice")
        try await his.chat.timeline().items.until { shown in
            if case .system(.messagePinned(let pinned), _) = shown.messages.last?.content { return pinned == key }
            return false
        }
        try await his.chat.unpinMessage(key)
        try await hers.chat.pinnedMessages.items.until { $0.items.isEmpty }
        let shown = try await his.chat.timeline().items.until { $0.messages.count == 2 }
        do {
            try await his.chat.pinMessage(shown.messages[1].key)
            XCTFail("it is a notice")
        } catch {
            guard case .notAllowed(let rule) = error else { return XCTFail("\(error)") }
            XCTAssertEqual(rule, .notPinnable)
        }
    }

    func testRepliesMentionsPayloadsAndForwardedMessagesArriveWithAllTheyCarry() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let question = try await hers.chat.send("tea?")
        try await his.chat.timeline().shows("tea?")
        try await his.chat.send(NewMessage(text: "yes, @Alice", mentions: ["alice"], replyTo: question))
        let answer = try await hers.chat.timeline().items.until { $0.messages.count == 2 }.messages[1]
        XCTAssertEqual(answer.content, .text(text: "yes, @Alice", mentions: ["alice"]))
        XCTAssertEqual(answer.replyTo?.key, question)
        XCTAssertEqual(answer.replyTo?.message?.content.text, "tea?")

        let place = Payload(kind: "location", data: #"{"lat":52.5}"#)
        try await hers.chat.send(NewMessage(text: "A place", payload: place))
        let shown = try await his.chat.timeline().items.until { $0.messages.count == 3 }.messages[2]
        XCTAssertEqual(shown.content, .custom(payload: place, text: "A place"))

        let withCarol = try await his.client.createDirect(with: "carol")
        try await withCarol.forward(question)
        let forwarded = try await withCarol.timeline().shows("tea?").messages[0]
        XCTAssertEqual(forwarded.forwardedFrom, "alice")
    }

    func testItShowsHowManyOfTheOthersHaveAMessage() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await hers.chat.send("read me")
        try await his.chat.timeline().shows("read me")
        try await his.chat.markReadUpTo(Position(1))
        try await hers.chat.timeline().items.until {
            $0.messages.first?.receipts == Receipts(others: 1, delivered: 1, read: 1)
        }
    }

    func testAVisibleTimelineMarksAsReadAndTypingIsSeenAndEnds() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await hers.chat.send("look")
        let timeline = try his.chat.timeline()
        timeline.setVisibility(.visible)
        let looking = Task { for try await _ in timeline.items {} }
        try await his.client.conversations.items.until { list in
            list.items.contains { $0.title == "Alice" && $0.unreadCount == 0 && $0.lastPosition == Position(1) }
        }
        looking.cancel()
        _ = await looking.result
        his.chat.keystroke()
        try await hers.chat.typingUsers.until { $0 == ["bob"] }
        his.chat.stopTyping()
        try await hers.chat.typingUsers.until { $0.isEmpty }
    }

    func testTheOutboxShowsWhatWaitsAndLetsGoOfIt() async throws {
        let stage = try await Stage()
        let (hers, _) = try await stage.aliceAndBob()
        let sent = try await hers.chat.send("sent")
        try await hers.chat.timeline().shows("sent")
        hers.client.setNetwork(.unavailable)
        try await hers.chat.addReaction(sent, "👍")
        try await hers.chat.send("waiting")
        let waiting = try await hers.client.outbox.items.until { $0.items.count == 2 }.items
        XCTAssertEqual(waiting.map(\.action), [.addReaction, .send])
        XCTAssertEqual(waiting.map(\.state), [.waiting, .waiting])
        XCTAssertEqual(waiting[0].message, sent)
        try await hers.client.outbox.discard(waiting[0].operation)
        hers.client.setNetwork(.available)
        try await hers.client.outbox.items.until { $0.items.isEmpty }
        try await hers.chat.timeline().shows("sent", "waiting")
    }

    func testPeopleWhoShareAConversationSeeEachOtherComeAndGo() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await hers.client.presence(of: "bob").until { $0 == .online }
        try await his.client.account.setPresence(.hidden)
        try await hers.client.presence(of: "bob").until { $0 == .offline(lastSeenAt: nil) }
        try await his.client.account.setPresence(.shown)
        try await hers.client.presence(of: "bob").until { $0 == .online }
        his.client.setNetwork(.unavailable)
        try await hers.client.presence(of: "bob").until { presence in
            if case .offline(let seen) = presence { return seen != nil }
            return false
        }
        try await hers.client.presence(of: "carol").until { $0 == .unknown }
    }
}
