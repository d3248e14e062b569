import Fulmar
import XCTest

final class RulesTests: XCTestCase {
    func testAnAppReadsWhichValueBreaksWhichRuleAndSaysItInItsOwnWords() async throws {
        let stage = try Stage("--text-bytes", "20")
        let (hers, his) = try await stage.aliceAndBob()
        let key = try await hers.chat.send("hello")
        try await his.chat.timeline().shows("hello")

        let long = try await thrown { () async throws(CommandError) in
            try await hers.chat.send("much longer than the server likes")
        }
        XCTAssertEqual(long, .invalid(field: .text, rule: .tooLong(mostBytes: 20)))
        XCTAssertEqual(inWords(long), "Text: at most 20 bytes")
        let blank = try await thrown { () async throws(CommandError) in
            try await hers.client.createGroup(title: " ", participants: ["bob"])
        }
        XCTAssertEqual(inWords(blank), "Title: empty")
        let noEmoji = try await thrown { () async throws(CommandError) in try await hers.chat.addReaction(key, "not one") }
        XCTAssertEqual(inWords(noEmoji), "Reaction: no emoji")
        let many = (0..<40).map { NewAttachment(name: "\($0).txt", bytes: Data([1])) }
        let tooMany = try await thrown { () async throws(CommandError) in
            try await hers.chat.send(NewMessage(text: "", attachments: many))
        }
        guard case .invalid(.attachments, .tooMany(let most)) = tooMany else { return XCTFail("\(tooMany)") }
        XCTAssertEqual(inWords(tooMany), "Files: at most \(most)")
        let oneself = try await thrown { () async throws(CommandError) in
            try await hers.client.createDirect(with: "alice")
        }
        XCTAssertEqual(inWords(oneself), "Participants: nobody else")

        let hersAlone = try await thrown { () async throws(CommandError) in try await his.chat.edit(key, "mine") }
        XCTAssertEqual(hersAlone, .notAllowed(rule: .notEditable))
        XCTAssertEqual(inWords(hersAlone), "cannot be changed")
    }

    func testAMessageThatMayBeAtTheServerIsNotDiscardedButDeletedOnceThatIsKnown() async throws {
        let stage = try Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await hers.chat.send("before")
        try await his.chat.timeline().shows("before")
        // The server hears her, and she hears nothing of it.
        try await stage.fault(#"{"at": {"outgoing": "any"}, "user": "alice", "times": 0, "then": "drop"}"#)
        let key = try await hers.chat.send("did it arrive?")
        try await his.chat.timeline().shows("before", "did it arrive?")
        hers.client.setNetwork(.unavailable)
        try await hers.chat.timeline().items.until { $0.messages.last?.state == .unconfirmed }

        let mayBeSent = try await thrown { () async throws(CommandError) in try await hers.client.outbox.discard(key) }
        XCTAssertEqual(mayBeSent, .mayBeSent(operationKey: key))
        try await hers.client.outbox.discardOrDelete(key)
        try await hers.chat.timeline().items.until { $0.messages.last?.content == .deleted(by: "alice") }

        try await stage.clearFaults()
        hers.client.setNetwork(.available)
        try await his.chat.timeline().items.until { $0.messages.last?.content == .deleted(by: "alice") }
        try await hers.client.outbox.items.until { $0.items.isEmpty }
        let gone = try await thrown { () async throws(CommandError) in
            try await hers.client.outbox.discardOrDelete(key)
        }
        XCTAssertEqual(gone, .noSuchOperation(operationKey: key))
    }

    private func inWords(_ error: CommandError) -> String {
        switch error {
        case .invalid(let field, let rule): "\(inWords(field)): \(inWords(rule))"
        case .notAllowed(let rule): inWords(rule)
        default: error.localizedDescription
        }
    }

    /// Without a `default`: what is new does not compile until it has words.
    private func inWords(_ field: Field) -> String {
        switch field {
        case .text: "Text"
        case .draft: "Draft"
        case .title: "Title"
        case .avatarUrl: "Picture"
        case .emoji: "Reaction"
        case .payloadType, .payloadData: "Content"
        case .attachments: "Files"
        case .attachment: "File"
        case .participants: "Participants"
        case .name: "Name"
        case .id: "Id"
        case .number: "Number"
        case .context: "Subject"
        case .pushPayload: "Notification"
        }
    }

    private func inWords(_ rule: FieldRule) -> String {
        switch rule {
        case .blank: "empty"
        case .tooLong(let mostBytes): "at most \(mostBytes) bytes"
        case .tooMany(let most): "at most \(most)"
        case .notAnEmoji: "no emoji"
        case .onlyOneself: "nobody else"
        case .malformed(let reason): "wrong (\(reason))"
        }
    }

    private func inWords(_ rule: Rule) -> String {
        switch rule {
        case .leftConversation: "no longer here"
        case .blockedByUser: "blocked"
        case .otherPersonGone: "account deleted"
        case .adminsOnly: "for admins only"
        case .roleMissing: "the role does not suffice"
        case .notEditable: "cannot be changed"
        case .notDeletable: "cannot be deleted"
        case .notPinnable: "cannot be pinned"
        case .tooManyPinned: "too many are pinned"
        case .noThreadHere: "no thread here"
        case .notForwardable: "cannot be forwarded"
        case .notAChange: "no change"
        }
    }
}
