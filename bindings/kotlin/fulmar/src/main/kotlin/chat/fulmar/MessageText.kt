package chat.fulmar

/** What it says in words; empty when it was deleted. */
public val MessageContent.text: String
    get() = when (this) {
        is MessageContent.Text -> text
        is MessageContent.Custom -> text
        is MessageContent.System -> text
        is MessageContent.Deleted -> ""
    }

/** What it says in words; empty when it was deleted. */
public val MessageItem.text: String get() = content.text

/** What it says in words; empty when it was deleted. */
public val Preview.text: String get() = content.text
