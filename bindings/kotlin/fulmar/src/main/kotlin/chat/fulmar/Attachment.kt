package chat.fulmar

import java.io.File
import kotlin.time.Duration

/** A small picture of at most 2,048 bytes that travels inside a message. */
public class Thumbnail(
    /** The picture, in whatever format the app likes. */
    public val bytes: ByteArray,
) {
    override fun equals(other: Any?): Boolean = other is Thumbnail && bytes.contentEquals(other.bytes)

    override fun hashCode(): Int = bytes.contentHashCode()

    override fun toString(): String = "Thumbnail(${bytes.size} bytes)"
}

/** A file of this device to send; what is not said about it goes with its name. PROTOCOL.md §4.7. */
@Suppress("FunctionName") // It makes one, as a constructor would.
public fun NewAttachment(
    file: File,
    name: String? = null,
    mimeType: String? = null,
    kind: AttachmentKind? = null,
    width: Int? = null,
    height: Int? = null,
    duration: Duration? = null,
    blurhash: String? = null,
    thumbnail: Thumbnail? = null,
): NewAttachment = NewAttachment(
    AttachmentSource.Path(file.path), name, mimeType, kind, width, height, duration, blurhash, thumbnail,
)

/** A file to send that is in memory; what is not said about it goes with its name. PROTOCOL.md §4.7. */
@Suppress("FunctionName") // It makes one, as a constructor would.
public fun NewAttachment(
    name: String,
    bytes: ByteArray,
    mimeType: String? = null,
    kind: AttachmentKind? = null,
    width: Int? = null,
    height: Int? = null,
    duration: Duration? = null,
    blurhash: String? = null,
    thumbnail: Thumbnail? = null,
): NewAttachment = NewAttachment(
    AttachmentSource.Bytes(name, bytes), null, mimeType, kind, width, height, duration, blurhash, thumbnail,
)

/** The files that a message carries. */
public val MessageContent.attachments: List<Attachment>
    get() = when (this) {
        is MessageContent.Text -> attachments
        is MessageContent.Custom -> attachments
        is MessageContent.System, is MessageContent.Deleted -> emptyList()
    }

/** The files that it carries. */
public val MessageItem.attachments: List<Attachment> get() = content.attachments
