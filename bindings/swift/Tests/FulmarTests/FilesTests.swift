import XCTest

@testable import Fulmar

final class FilesTests: XCTestCase {
    private let bytes = Data((0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256) })

    func testFilesTravelWithAllThatIsSaidAboutThemAndComeOnce() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        let path = stage.folder.appendingPathComponent("harbour.jpg")
        try bytes.write(to: path)
        let picture = NewAttachment(
            file: path, width: 1600, height: 1200, blurhash: "LEHV6n", thumbnail: Thumbnail(Data([1, 2, 3])))
        let voice = NewAttachment(
            name: "note.ogg", bytes: Data([9]), kind: .voice, duration: .milliseconds(4_200))
        try await hers.chat.send(NewMessage(text: "The harbour", attachments: [picture, voice]))
        try FileManager.default.removeItem(at: path)
        try await his.chat.timeline().shows("The harbour")

        let shown = try await his.chat.timeline().items.until { $0.messages.count == 1 }
        let attachments = try XCTUnwrap(shown.messages.first).attachments
        let first = try XCTUnwrap(attachments.first)
        XCTAssertEqual([first.name, first.mimeType], ["harbour.jpg", "image/jpeg"])
        XCTAssertEqual([first.kind, attachments[1].kind], [.image, .voice])
        XCTAssertEqual(first.size, 700_000)
        XCTAssertEqual([first.width, first.height], [1600, 1200])
        XCTAssertEqual(first.thumbnail, Thumbnail(Data([1, 2, 3])))
        XCTAssertEqual(attachments[1].duration, .milliseconds(4_200))

        let before = try await his.client.downloaded(first)
        XCTAssertNil(before)
        let download = his.client.download(first)
        async let steps = received(of: download)
        let here = try await download.finish()
        XCTAssertEqual(try Data(contentsOf: here), bytes)
        let received = try await steps
        XCTAssertEqual(received, received.sorted())
        // Her own is here from the start.
        let own = try await hers.client.downloaded(first)
        XCTAssertNotNil(own)
        let carol = try await stage.signIn("carol")
        do {
            _ = try await carol.download(first).finish()
            XCTFail("it is not hers")
        } catch {
            guard case .refused = error else { return XCTFail("\(error)") }
        }
    }

    func testAMessageWaitsForItsFilesSaysHowFarTheyAreAndCanBeCalledOff() async throws {
        let stage = try await Stage()
        let (hers, his) = try await stage.aliceAndBob()
        try await stage.fault(#"{"at": {"http": "/v1/files"}, "after": 2, "times": 0, "then": "drop"}"#)
        let key = try await hers.chat.send(NewAttachment(name: "a.bin", bytes: bytes))
        try await hers.chat.send("behind it")
        let uploading = try await hers.chat.timeline().items.until { shown in
            guard case .uploading(let sent, let total) = shown.messages.first?.state else { return false }
            return sent > 0 && total == 700_000
        }
        XCTAssertEqual(uploading.messages.last?.state, .pending)
        try await hers.client.outbox.discard(key)
        try await his.chat.timeline().shows("behind it")
        do {
            try await hers.chat.send(NewAttachment(file: stage.folder.appendingPathComponent("nothing")))
            XCTFail("there is no such file")
        } catch {
            guard case .fileUnreadable = error else { return XCTFail("\(error)") }
        }
    }
}

private func received(of download: Download) async throws -> [Int64] {
    var steps: [Int64] = []
    for try await step in download.progress { steps.append(step.received) }
    return steps
}
