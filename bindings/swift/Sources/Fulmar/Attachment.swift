import Foundation

extension NewAttachment {
    /// A file of this device to send; what is not said about it goes with its name. PROTOCOL.md §4.7.
    public init(
        file: URL, name: String? = nil, mimeType: String? = nil, kind: AttachmentKind? = nil,
        width: Int? = nil, height: Int? = nil, duration: Duration? = nil, blurhash: String? = nil,
        thumbnail: Thumbnail? = nil
    ) {
        self.init(
            source: .path(path: file.path), name: name, mimeType: mimeType, kind: kind, width: width,
            height: height, duration: duration, blurhash: blurhash, thumbnail: thumbnail)
    }

    /// A file to send that is in memory; what is not said about it goes with its name. PROTOCOL.md §4.7.
    public init(
        name: String, bytes: Data, mimeType: String? = nil, kind: AttachmentKind? = nil,
        width: Int? = nil, height: Int? = nil, duration: Duration? = nil, blurhash: String? = nil,
        thumbnail: Thumbnail? = nil
    ) {
        self.init(
            source: .bytes(name: name, bytes: bytes), mimeType: mimeType, kind: kind, width: width,
            height: height, duration: duration, blurhash: blurhash, thumbnail: thumbnail)
    }
}

extension MessageContent {
    /// The files that it carries.
    public var attachments: [Attachment] {
        switch self {
        case .text(_, _, let attachments), .custom(_, _, let attachments): attachments
        case .system, .deleted: []
        }
    }
}

extension MessageItem {
    /// The files that it carries.
    public var attachments: [Attachment] { content.attachments }
}
