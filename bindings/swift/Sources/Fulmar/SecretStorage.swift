import Foundation

/// The platform's place for secrets: `Keychain`, on Apple's.
///
/// Fulmar keeps one thing there: the key with which the tokens in its stores are sealed. It is read
/// when a client is opened, and written once in the life of an installation.
public protocol SecretStorage: Sendable {
    /// What was saved under this name; `nil` when nothing ever was. Throw when that cannot be known at
    /// this moment: opening the client fails then with `OpenError.secrets`, and can be tried again.
    func load(_ name: String) throws -> Data?

    /// Saves bytes under a name, for as long as the app is installed. Throw when they were not saved.
    func save(_ name: String, secret: Data) throws
}

/// Whatever app code throws arrives in Rust as an answer.
final class GuardedSecretStorage: ForeignSecretStorage {
    private let app: any SecretStorage

    init(_ app: any SecretStorage) {
        self.app = app
    }

    func load(name: String) throws -> Data? {
        try guarded { try app.load(name) }
    }

    func save(name: String, secret: Data) throws {
        try guarded { try app.save(name, secret: secret) }
    }

    private func guarded<T>(_ call: () throws -> T) throws -> T {
        do {
            return try call()
        } catch {
            throw SecretStorageError.unavailable(reason: text(of: error))
        }
    }
}
