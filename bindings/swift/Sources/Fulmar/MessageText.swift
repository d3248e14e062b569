extension MessageContent {
    /// What it says in words; empty when it was deleted.
    public var text: String {
        switch self {
        case .text(let text, _, _), .custom(_, let text, _), .system(_, let text): text
        case .deleted: ""
        }
    }
}

extension MessageItem {
    /// What it says in words; empty when it was deleted.
    public var text: String { content.text }
}

extension Preview {
    /// What it says in words; empty when it was deleted.
    public var text: String { content.text }
}
