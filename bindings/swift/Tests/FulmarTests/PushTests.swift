import XCTest

@testable import Fulmar

final class PushTests: XCTestCase {
    func testAPushIsInTheTimelineBeforeTheNetworkIsAlsoFromASecondProcess() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await his.client.registerPushToken(.apns, "bobs-token")
        try await stage.admin("users/bob/disconnect")
        try await hers.chat.send("one")
        try await hers.chat.send("two")
        var pushes: [String] = []
        while pushes.count < 2 {
            pushes = try await stage.pushes()
            try await Task.sleep(for: .milliseconds(10))
        }

        let shown = try await his.client.handlePush(pushes[0])
        XCTAssertEqual([shown.title, shown.body], ["Alice", "one"])
        XCTAssertEqual(shown.attention, .alert)
        XCTAssertEqual(shown.conversationId, his.chat.id)
        try await his.chat.timeline().shows("one")

        let beside = try FulmarSDK.handlePushBeside(store: stage.store("bob"), payload: pushes[1])
        XCTAssertEqual(beside.body, "two")
        XCTAssertEqual(beside.unreadCount, 2)
        his.client.setAppState(.foreground)
        try await his.chat.timeline().shows("one", "two")
        do {
            _ = try FulmarSDK.handlePushBeside(store: stage.store("alice"), payload: pushes[1])
            XCTFail("it is not hers")
        } catch {
            guard case .notTheirs = error else { return XCTFail("\(error)") }
        }
        try await stage.admin("users/bob/reconnect")
        try await his.client.removePushToken()
        try await his.chat.timeline().shows("one", "two")
    }
}
