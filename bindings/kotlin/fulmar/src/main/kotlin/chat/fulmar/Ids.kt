package chat.fulmar

/** A person, as your own backend names them. At most 128 characters, without spaces and controls. */
@JvmInline
public value class UserId(public val value: String) {
    override fun toString(): String = value
}

/** A conversation. One that was created offline gets another id from the server later, and goes on
 * answering to this one. */
@JvmInline
public value class ConversationId(public val value: String) {
    override fun toString(): String = value
}

/** A message, as the server names it. */
@JvmInline
public value class MessageId(public val value: String) {
    override fun toString(): String = value
}

/** A file at the server, and the upload that brings it there. */
@JvmInline
public value class FileId(public val value: String) {
    override fun toString(): String = value
}

/** The SHA-256 of a file, as 64 hexadecimal digits in lower case. */
@JvmInline
public value class ContentHash(public val value: String) {
    override fun toString(): String = value
}

/** One sign-in of one device. */
@JvmInline
public value class SessionId(public val value: String) {
    override fun toString(): String = value
}

/** One installation of an app, as it named itself. */
@JvmInline
public value class DeviceId(public val value: String) {
    override fun toString(): String = value
}

/** What the user did, made on the device before anything else happens. A message's identity for ever,
 * and its key in a list. */
@JvmInline
public value class OperationKey(public val value: String) {
    override fun toString(): String = value
}

/** A conversation's key in a list: the same from its creation on this device to the end. */
@JvmInline
public value class ConversationKey(public val value: Long)

/** A message's place in its conversation, given by the server: 1, 2, 3 and so on, without holes. */
@JvmInline
public value class Position(public val value: Long) : Comparable<Position> {
    override fun compareTo(other: Position): Int = value.compareTo(other.value)
}
