import Foundation

/// A file of a message that comes onto this device. Whatever iterates `progress` or waits in `finish()`
/// wants it: then it comes, and goes on by itself when the network comes back. When nobody wants it any more
/// it stops; what has come stays, and the next download of the file goes on from there. However many want
/// it, it comes once.
public struct Download: Sendable {
    let handle: ClientHandle
    let attachment: Attachment

    /// How much of it is here, live; ends when it came to its end, and `finish()` says how.
    public var progress: Live<DownloadProgress> {
        Live { [handle, attachment] in try handle.watchDownload(attachment: attachment) }
    }

    /// Waits until all of it is here, and says where: a file that belongs to the client, so copy it to
    /// change it or to keep it. Waits for the network as long as it takes. Nothing is asked of the network
    /// when it is here already.
    ///
    /// - Throws: `.refused` with `.fileNotFound` when there is no such file for this user (any more);
    ///   `.fileDamaged` when the server has another file than was announced; `.store` for a full or broken
    ///   disk; `.signedOut`, `.cancelled`.
    public func finish() async throws(CommandError) -> URL {
        let path = try await command {
            try await cancellable { try await handle.download(attachment: attachment, cancel: $0) }
        }
        return URL(fileURLWithPath: path)
    }
}

extension Client {
    /// Gets a file of a message onto this device, unless it is here. Own files are here from the start, as
    /// long as they are not too many (`Config.fileCacheBytes`). PROTOCOL.md §7.10.
    public func download(_ attachment: Attachment) -> Download {
        Download(handle: handle, attachment: attachment)
    }

    /// Where a file of a message is on this device; `nil` when it is not, or not all of it. Reads the disk
    /// only. The file belongs to the client: copy it to change it or to keep it.
    ///
    /// - Throws: `.bug`.
    public func downloaded(_ attachment: Attachment) async throws(CommandError) -> URL? {
        let path = try await command { try await handle.downloaded(attachment: attachment) }
        return path.map { URL(fileURLWithPath: $0) }
    }
}
