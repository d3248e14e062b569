//! Docs that say nothing. "Which one." above a field is a question to the reader; the answer is its doc. Where a name
//! says it all, `missing_docs` is allowed there.

use std::fs;

use super::words;

/// A doc of one line that only repeats that there is something.
const EMPTY: [&str; 46] = [
    "All",
    "All of it",
    "All of them",
    "How many",
    "How many bytes",
    "It",
    "It comes",
    "It does",
    "Its content",
    "Its id",
    "Nobody",
    "Since when",
    "Somebody",
    "That",
    "They",
    "They do",
    "This",
    "This one",
    "What",
    "What failed",
    "What for",
    "What happened",
    "What it does",
    "What it is",
    "What it said",
    "What it says",
    "When",
    "Where",
    "Where it is",
    "Where it was",
    "Where to",
    "Which",
    "Which file",
    "Which message",
    "Which of them",
    "Which one",
    "Which operation",
    "Which request",
    "Which rule",
    "Which value",
    "Who",
    "Who it is",
    "Whose",
    "Why",
    "With what",
    "Yes",
];

/// Complains about the empty docs of all sources.
pub(super) fn judge(complaints: &mut Vec<String>) -> Result<(), String> {
    for path in words::tracked()? {
        if let Ok(text) = fs::read_to_string(&path) {
            complain(&path, &text, complaints);
        }
    }
    Ok(())
}

fn complain(path: &str, text: &str, complaints: &mut Vec<String>) {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (index, line) in lines.iter().enumerate() {
        let beside = |other: Option<&&str>| other.is_some_and(|line| line.starts_with("///"));
        let above = index.checked_sub(1).and_then(|above| lines.get(above));
        if beside(above) || beside(lines.get(index + 1)) {
            continue;
        }
        if let Some(doc) = only_line(line)
            && EMPTY.contains(&doc)
        {
            complaints.push(format!("{path}:{}: \"{doc}.\" says nothing", index + 1));
        }
    }
}

/// The text of a doc comment that has one sentence and one line.
fn only_line(line: &str) -> Option<&str> {
    let text = match line.strip_prefix("/** ") {
        Some(rest) => rest.strip_suffix(" */")?,
        None => line.strip_prefix("/// ")?,
    };
    text.strip_suffix('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_no_doc() {
        let text = "
            /// Which one.
            message: OperationKey,
            /// What happened, for logs.
            reason: String,
            /// Who
            /// wrote it.
            by: UserId,
            /** Where. */
            val place: Int
        ";
        let mut complaints = Vec::new();
        complain("a.rs", text, &mut complaints);
        assert_eq!(
            complaints,
            [
                "a.rs:2: \"Which one.\" says nothing",
                "a.rs:9: \"Where.\" says nothing"
            ]
        );
    }
}
