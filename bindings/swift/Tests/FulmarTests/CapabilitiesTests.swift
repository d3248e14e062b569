import Foundation
import Fulmar
import XCTest

/// A server that can do nothing but what every server does: what it lacks is said, and the rest works.
final class CapabilitiesTests: XCTestCase {
    func testWhatAMinimalServerCannotDoIsSaidAndTheRestWorks() async throws {
        let stage = try Stage("--capabilities", "none")
        let (hers, his) = try await stage.aliceAndBob()
        let key = try await hers.chat.send("all that I can say")
        try await his.chat.timeline().shows("all that I can say")
        for capability in [Capability.pins, .threads, .files, .search, .typing] {
            let supported = try await hers.client.supports(capability)
            XCTAssertFalse(supported, "\(capability)")
        }
        try await lacks(.pins) { () async throws(CommandError) in try await hers.chat.pinMessage(key) }
        try await lacks(.editing) { () async throws(CommandError) in try await hers.chat.deleteForEveryone(key) }
        try await lacks(.reactions) { () async throws(CommandError) in try await hers.chat.addReaction(key, "👍") }
        try await lacks(.settings) { () async throws(CommandError) in try await hers.chat.archive() }
        let group = try await hers.client.createGroup(title: "Trip", participants: ["bob"])
        try await lacks(.administration) { () async throws(CommandError) in try await group.setTitle("Rome") }
        try await lacks(.forwarding) { () async throws(CommandError) in _ = try await hers.chat.forward(key) }
        try await lacks(.versions) { () async throws(CommandError) in _ = try await hers.chat.fetchVersions(key) }
        try await lacks(.blocks) { () async throws(CommandError) in try await hers.client.account.block("bob") }
        try await lacks(.push) { () async throws(CommandError) in try await hers.client.removePushToken() }
        try await lacks(.accountDeletion) { () async throws(CommandError) in
            try await hers.client.account.delete(password: "alice-password")
        }
        try await his.chat.send("heard")
        try await hers.chat.timeline().shows("all that I can say", "heard")
        await hers.client.shutDown()
        await his.client.shutDown()
    }

    func testAServerThatCanDoEverythingSaysSo() async throws {
        let stage = try Stage()
        let (hers, his) = try await stage.aliceAndBob()
        for capability in [Capability.pins, .threads, .files, .search, .typing] {
            let supported = try await hers.client.supports(capability)
            XCTAssertTrue(supported, "\(capability)")
        }
        await hers.client.shutDown()
        await his.client.shutDown()
    }

    private func lacks(
        _ capability: Capability, _ call: @escaping @Sendable () async throws(CommandError) -> Void
    ) async throws {
        let error = try await thrown(call)
        XCTAssertEqual(error, .unsupported(capability: capability))
    }
}
