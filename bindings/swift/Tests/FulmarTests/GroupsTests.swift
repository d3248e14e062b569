import XCTest

@testable import Fulmar

final class GroupsTests: XCTestCase {
    func testPeopleComeAndGoAndGetRoles() async throws {
        let stage = try await Stage()
        let alice = try await stage.signIn("alice")
        let bob = try await stage.signIn("bob")
        let hers = try await alice.createGroup(title: "Trip", participants: ["bob"])
        let list = try await bob.conversations.items.until { list in list.items.contains { $0.title == "Trip" } }
        let row = try XCTUnwrap(list.items.first { $0.title == "Trip" })
        let his = bob.conversation(row.conversationId)
        try await hers.addParticipants(["carol"])
        try await hers.setRole("bob", .moderator)
        try await his.participants.items.until { people in
            people.items.map(\.role) == [.admin, .moderator, .member]
        }
        try await his.setTitle("Bob's trip")
        try await hers.timeline().items.until { shown in
            if case .system(.titleChanged(let title), _) = shown.messages.last?.content { return title == "Bob's trip" }
            return false
        }
        try await hers.setWriting(.admins)
        let about = Context(kind: "order", id: "o-7", title: "Bicycle", extra: #"{"price":250}"#)
        try await hers.setContext(about)
        try await bob.conversations.items.until { list in
            list.items.contains { $0.writing == .admins && $0.context == about }
        }
        do {
            try await his.send("but")
            XCTFail("only admins write")
        } catch {
            guard case .notAllowed = error else { return XCTFail("\(error)") }
        }
        try await hers.removeParticipant("carol")
        try await his.leave()
        try await bob.conversations.items.until { list in !list.items.contains { $0.title == "Bob's trip" } }
        try await hers.participants.items.until { $0.items.map(\.userId) == ["alice"] }
    }

    func testSettingsAndDrafts() async throws {
        let stage = try await Stage()
        let alice = try await stage.signIn("alice")
        let tablet = try await stage.signIn("alice", device: "alice-tablet")
        let row = try await alice.conversations.items.until { $0.items.count == 1 }.items[0]
        let chat = alice.conversation(row.conversationId)
        let until = Date(timeIntervalSince1970: 4_000_000_000)
        try await chat.mute(until: until)
        try await chat.pin()
        try await chat.markUnread()
        try await chat.setDraft("what I wanted to s")
        let shown = try await tablet.conversations.items.until {
            $0.items.first?.settings.markedUnread == true && $0.items.first?.settings.pinned == true
        }
        XCTAssertEqual(shown.items[0].settings.mutedUntil, until)
        XCTAssertEqual(shown.items[0].draft, "")
        try await alice.conversations.items.until { $0.items.first?.draft == "what I wanted to s" }
        try await chat.archive()
        try await tablet.conversations.items.until { $0.items.isEmpty }
        try await tablet.conversations(folder: .archive, unread: .onlyUnread, kind: .group)
            .items.until { $0.items.count == 1 }
        try await chat.unarchive()
        try await chat.hide()
        try await alice.conversations.items.until { $0.items.isEmpty }
        try await chat.send("back again")
        try await alice.conversations.items.until { $0.items.count == 1 }
    }

    func testSomebodyRegistersAndSeesAndEndsTheirSessions() async throws {
        let stage = try await Stage()
        let dave = try await stage.open("dave")
        do {
            try await dave.register("alice", name: "Alice too", password: "alices-password")
            XCTFail("there is an Alice")
        } catch {
            guard case .refused(let problem) = error else { return XCTFail("\(error)") }
            XCTAssertEqual(problem.code, .userExists)
        }
        try await dave.register("dave", name: "Dave", password: "daves-password")
        let tablet = try await stage.open("dave-tablet")
        try await tablet.signIn("dave", password: "daves-password")
        let sessions = try await dave.account.fetchSessions()
        XCTAssertEqual(sessions.map(\.current), [false, true])
        try await dave.account.endSession(sessions[0].sessionId)
        try await tablet.session.until { state in
            if case .ended = state { return true }
            return false
        }
        try await dave.account.endOtherSessions()
        let left = try await dave.account.fetchSessions()
        XCTAssertEqual(left.count, 1)
    }

    func testALongListComesInPagesAndOneConversationIsWatchedByItself() async throws {
        let stage = try await Stage()
        let alice = try await stage.signIn("alice")
        alice.setNetwork(.unavailable)
        var groups: [Conversation] = []
        for number in 0..<60 {
            groups.append(try await alice.createGroup(title: "Group \(number)", participants: ["bob"]))
        }
        let list = alice.conversations
        try await list.items.until { $0.items.count == 50 }
        let more = try await list.loadMore()
        XCTAssertFalse(more.hasMore)
        try await list.items.until { $0.items.count >= 60 }
        let rest = try await list.loadMore()
        XCTAssertFalse(rest.hasMore)
        try await groups[0].setTitle("The first")
        try await groups[0].item.until { $0?.title == "The first" }
        await alice.shutDown()
        do {
            try await list.loadMore()
            XCTFail("it is closed")
        } catch {
            guard case .closed = error else { return XCTFail("\(error)") }
        }
    }

    func testANewNameAndPictureAreSeenByUsersWhoShareAConversation() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await his.client.account.setName("Robert")
        try await his.client.account.setAvatarUrl("https://example.com/robert.png")
        try await hers.client.conversations.items.until { list in
            list.items.contains { $0.title == "Robert" && $0.avatarUrl == "https://example.com/robert.png" }
        }
        try await his.client.account.setAvatarUrl(nil)
        try await hers.chat.participants.items.until { people in
            people.items.contains { $0.name == "Robert" && $0.avatarUrl == nil }
        }
    }
}
