import Foundation
import Fulmar
import XCTest

final class AccountsTests: XCTestCase {
    func testSignInBeThereAgainSignOut() async throws {
        let stage = try Stage()
        let alice = try await stage.open("alice")
        XCTAssertEqual(try alice.currentSession, .signedOut)
        let wrong = try await thrown { () async throws(CommandError) in try await alice.signIn("alice", password: "wrong") }
        guard case .refused(let problem) = wrong else { return XCTFail("\(wrong)") }
        XCTAssertEqual(problem.code, .credentialsInvalid)
        try await alice.signIn("alice", password: "alice-password")
        let twice = try await thrown { () async throws(CommandError) in
            try await alice.signIn("alice", password: "alice-password")
        }
        XCTAssertEqual(twice, .alreadySignedIn(userId: "alice"))
        await alice.shutDown()

        let again = try await stage.open("alice")
        XCTAssertEqual(try again.currentSession, .signedIn(userId: "alice"))
        try await again.connection.until { $0 == .live }
        again.setNetwork(.unavailable)
        try await again.createDirect(with: "bob").send("unsent")
        let unsent = try await thrown { () async throws(CommandError) in try await again.signOut(.refuse) }
        XCTAssertEqual(unsent, .unsentOperations(count: 2))
        try await again.signOut(.discard)
        try await again.session.until { $0 == .signedOut }
        let signedOut = try await thrown { () async throws(CommandError) in try await again.createDirect(with: "bob") }
        XCTAssertEqual(signedOut, .signedOut)
        await again.shutDown()
    }

    func testAStoreCanOnlyBeOpenOnceAndBelongsToSomebody() async throws {
        let stage = try Stage()
        let alice = try await stage.signIn("alice")
        let twice = try await thrown { () async throws(OpenError) in
            try await Client.open(server: stage.url, store: stage.store("alice"))
        }
        XCTAssertEqual(twice, .alreadyOpen(path: stage.store("alice")))
        await alice.shutDown()
        let other = try await thrown { () async throws(OpenError) in
            try await Client.open(server: stage.url, store: stage.store("alice"), owner: "bob")
        }
        XCTAssertEqual(other, .otherUser(owner: "alice", expected: "bob"))
        let plain = try await thrown { () async throws(OpenError) in
            try await Client.open(server: "http://example.com", store: stage.store("new"))
        }
        XCTAssertEqual(plain, .plaintext(host: "example.com"))
        // `close` returns at once, and the store can be had again all the same; also when it is let go.
        try await stage.open("alice").close()
        _ = try await stage.open("alice")
        try await stage.open("alice").shutDown()
    }

    func testASessionThatTheServerEndedSaysWhyAndKeepsWhatIsUnsent() async throws {
        let stage = try Stage()
        let alice = try await stage.signIn("alice")
        try await alice.connection.until { $0 == .live }
        let chat = try await alice.createDirect(with: "bob")
        try await stage.admin("users/alice/revoke-sessions")
        let ended = SessionState.ended(userId: "alice", end: .byServer(code: .sessionRevoked))
        try await alice.session.until { $0 == ended }
        try await chat.send("kept")
        try await alice.signIn("alice", password: "alice-password")
        try await chat.timeline().shows("kept")
        await alice.shutDown()
    }

    func testTokensComeFromAProviderInSwiftAlsoAFailingAndASlowOne() async throws {
        let stage = try Stage()
        let backend = OwnBackend()
        let alice = try await stage.open("alice", tokenProvider: backend)
        @Sendable func noToken() async throws -> String {
            let error = try await thrown { () async throws(CommandError) in try await alice.signInWithProvider("alice") }
            guard case .noToken(let reason) = error else { throw error }
            return reason
        }
        backend.answer = { _ in throw Unexpected(text: "maintenance") }
        var reason = try await noToken()
        XCTAssertTrue(reason.contains("maintenance"), reason)
        backend.answer = { _ in
            try await Task.sleep(for: .seconds(3600))
            throw Unexpected(text: "an hour later")
        }
        reason = try await noToken()
        XCTAssertTrue(reason.contains("in time"), reason)
        // A caller that cancels gets its answer at once, although the provider still waits.
        let given = Task { try await noToken() }
        given.cancel()
        do {
            _ = try await given.value
            XCTFail("cancelled")
        } catch CommandError.cancelled {}

        let helpful: OwnBackend.Answer = { userId in
            ProvidedToken(accessToken: try await stage.accessToken(userId.value), expiresIn: .seconds(900))
        }
        backend.answer = helpful
        try await signInOnceFree(alice)
        let chat = try await alice.createDirect(with: "bob")
        try await chat.send("before")
        try await chat.timeline().shows("before")

        backend.answer = { _ in throw TokenFailure.unavailable(reason: "down") }
        try await stage.admin("clock/advance", #"{"byMs":960000}"#)
        try await chat.send("while it is down")
        try await alice.connection.until { state in
            if case .waiting(.tokenUnavailable(reason: "down"), _, _) = state { true } else { false }
        }
        backend.answer = helpful
        try await chat.timeline().shows("before", "while it is down")

        backend.answer = { _ in throw TokenFailure.sessionOver(reason: "signed out elsewhere") }
        try await stage.admin("clock/advance", #"{"byMs":960000}"#)
        let ended = SessionState.ended(userId: "alice", end: .byTokenProvider(reason: "signed out elsewhere"))
        try await alice.session.until { $0 == ended }
        let token = try await helpful("alice")
        var dumped = ""
        dump(token, to: &dumped)
        XCTAssertFalse("\(token) \(String(reflecting: token)) \(dumped)".contains("ey"), dumped)
        await alice.shutDown()
    }

    /// A sign-in that was given up may still be under way for the token timeout.
    private func signInOnceFree(_ client: Client) async throws {
        for _ in 0..<100 {
            do {
                return try await client.signInWithProvider("alice")
            } catch .alreadySignedIn {
                return
            } catch {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        XCTFail("never signed in")
    }

    func testTokensAreSealedWithAKeyInThePlatformsSecrets() async throws {
        let stage = try Stage()
        let keychain = Drawer()
        let alice = try await stage.open("alice", secretStorage: keychain)
        try await alice.signIn("alice", password: "alice-password")
        XCTAssertEqual(keychain.count, 1)
        await alice.shutDown()
        let locked = try await thrown { () async throws(OpenError) in
            try await Client.open(server: stage.url, store: stage.store("alice"), secretStorage: Locked())
        }
        guard case .secrets(let reason) = locked else { return XCTFail("\(locked)") }
        XCTAssertTrue(reason.contains("locked"), reason)
        let stranger = try await stage.open("alice", secretStorage: Drawer())
        XCTAssertEqual(try stranger.currentSession, .ended(userId: "alice", end: .secretsLost))
        await stranger.shutDown()
        let again = try await stage.open("alice", secretStorage: keychain)
        try await again.connection.until { $0 == .live }
        await again.shutDown()
    }
}

private final class OwnBackend: TokenProvider, @unchecked Sendable {
    typealias Answer = @Sendable (UserId) async throws -> ProvidedToken

    private let lock = NSLock()
    private var current: Answer = { _ in throw Unexpected(text: "no answer yet") }

    var answer: Answer {
        get { lock.withLock { current } }
        set { lock.withLock { current = newValue } }
    }

    func token(for userId: UserId) async throws -> ProvidedToken {
        try await answer(userId)
    }
}

private final class Drawer: SecretStorage, @unchecked Sendable {
    private let lock = NSLock()
    private var saved: [String: Data] = [:]

    var count: Int { lock.withLock { saved.count } }

    func load(_ name: String) -> Data? {
        lock.withLock { saved[name] }
    }

    func save(_ name: String, secret: Data) {
        lock.withLock { saved[name] = secret }
    }
}

private struct Locked: SecretStorage {
    func load(_ name: String) throws -> Data? { throw Unexpected(text: "locked") }
    func save(_ name: String, secret: Data) {}

    func testPeopleBlockEachOtherSignOutWhenAllIsSentAndDeleteTheirAccount() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await hers.client.account.block("bob")
        let blocked = try await hers.client.account.blocked()
        XCTAssertEqual(blocked, ["bob"])
        try await hers.client.conversations.items.until { list in
            list.items.contains { $0.title == "Bob" && $0.blocked }
        }
        do {
            try await hers.chat.send("no")
            XCTFail("she has blocked him")
        } catch {
            guard case .notAllowed = error else { return XCTFail("\(error)") }
        }
        try await hers.client.account.unblock("bob")
        try await hers.chat.send("the last words")
        try await hers.client.signOut(.wait)
        try await his.chat.timeline().shows("the last words")
        XCTAssertEqual(try hers.client.currentSession, .signedOut)

        do {
            try await his.client.account.delete(password: "wrong-password")
            XCTFail("that is not his password")
        } catch {
            guard case .refused(let problem) = error else { return XCTFail("\(error)") }
            XCTAssertEqual(problem.code, .credentialsInvalid)
        }
        try await his.client.account.delete(password: "bob-password")
        XCTAssertEqual(try his.client.currentSession, .signedOut)
    }
}
