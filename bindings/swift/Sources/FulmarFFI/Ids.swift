import Foundation

/// A person, as your own backend names them. At most 128 characters, without spaces and controls.
public struct UserId: Hashable, Sendable, Codable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let value: String
    public init(_ value: String) { self.value = value }
    public init(stringLiteral value: String) { self.value = value }
    public var description: String { value }
}

/// A conversation. One that was created offline gets another id from the server later, and goes on
/// answering to this one.
public struct ConversationId: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// A message, as the server names it.
public struct MessageId: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// A file at the server, and the upload that brings it there.
public struct FileId: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// The SHA-256 of a file, as 64 hexadecimal digits in lower case.
public struct ContentHash: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// A small picture of at most 2,048 bytes that travels inside a message.
public struct Thumbnail: Hashable, Sendable, CustomStringConvertible {
    /// The picture, in whatever format the app likes.
    public let bytes: Data
    public init(_ bytes: Data) { self.bytes = bytes }
    public var description: String { "Thumbnail(\(bytes.count) bytes)" }
}

/// One sign-in of one device.
public struct SessionId: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// One installation of an app, as it named itself.
public struct DeviceId: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// What the user did, made on the device before anything else happens. A message's identity for ever,
/// and its key in a list.
public struct OperationKey: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}

/// A conversation's key in a list: the same from its creation on this device to the end.
public struct ConversationKey: Hashable, Sendable, Codable {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }
}

/// A message's place in its conversation, given by the server: 1, 2, 3 and so on, without holes.
public struct Position: Hashable, Sendable, Codable, Comparable {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }
    public static func < (one: Self, other: Self) -> Bool { one.value < other.value }
}

/// Listed by the key that never changes.
extension MessageItem: Identifiable {
    public var id: OperationKey { key }
}

/// Listed by the key of the message.
extension SearchHit: Identifiable {
    public var id: OperationKey { message.key }
}

/// What to list the rows of a timeline by.
public enum TimelineKey: Hashable, Sendable {
    /// A message: the same from the first optimistic insert to the end, on every device.
    case message(OperationKey)
    /// A gap: the first place that is missing.
    case gap(Position)
}

extension TimelineItem: Identifiable {
    /// A message's never changes.
    public var id: TimelineKey {
        switch self {
        case .message(let item): .message(item.key)
        case .gap(let range): .gap(range.from)
        }
    }
}

/// Listed by the key that never changes; `conversationId` does, once for one that was created offline.
extension ConversationItem: Identifiable {
    public var id: ConversationKey { key }
}

extension Duration {
    /// As durations cross to Rust.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (millis, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : millis + attoseconds / 1_000_000_000_000_000
    }
}
