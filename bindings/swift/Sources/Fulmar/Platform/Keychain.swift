#if canImport(Security)
import Foundation
import Security

/// Secrets in the device's keychain: readable once the device was unlocked after it started, also in
/// the background, and never part of a backup that goes to another device.
public struct Keychain: SecretStorage {
    private let service: String
    private let accessGroup: String?

    /// - Parameters:
    ///   - service: under which the entries are filed
    ///   - accessGroup: for an app that shares its store with an extension
    public init(service: String = "chat.fulmar", accessGroup: String? = nil) {
        self.service = service
        self.accessGroup = accessGroup
    }

    /// What the keychain said.
    public struct Failure: Error, CustomStringConvertible {
        /// Its code, as in `SecBase.h`.
        public let status: OSStatus

        public var description: String {
            let text = SecCopyErrorMessageString(status, nil) as String?
            return "keychain \(status): \(text ?? "no text")"
        }
    }

    public func load(_ name: String) throws -> Data? {
        var query = entry(name)
        query[kSecReturnData] = true
        query[kSecMatchLimit] = kSecMatchLimitOne
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        switch status {
        case errSecSuccess: return found as? Data
        case errSecItemNotFound: return nil
        default: throw Failure(status: status)
        }
    }

    public func save(_ name: String, secret: Data) throws {
        var item = entry(name)
        item[kSecValueData] = secret
        item[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        var status = SecItemAdd(item as CFDictionary, nil)
        if status == errSecDuplicateItem {
            status = SecItemUpdate(entry(name) as CFDictionary, [kSecValueData: secret] as CFDictionary)
        }
        guard status == errSecSuccess else { throw Failure(status: status) }
    }

    private func entry(_ name: String) -> [CFString: Any] {
        var entry: [CFString: Any] = [
            kSecClass: kSecClassGenericPassword,
            kSecAttrService: service,
            kSecAttrAccount: name,
            kSecUseDataProtectionKeychain: true,
        ]
        if let accessGroup { entry[kSecAttrAccessGroup] = accessGroup }
        return entry
    }
}
#endif
