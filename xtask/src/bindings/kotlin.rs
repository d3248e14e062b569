//! Shapes the generated Kotlin: plumbing becomes `internal`, states become `data object`s, errors
//! say what they mean, and scalars are named as Kotlin names them.

/// Declarations that only the package itself uses, by how their line begins.
const PLUMBING: [&str; 19] = [
    "open class RustBuffer",
    "interface UniffiRustCallStatusErrorHandler",
    "object UniffiNullRustCallStatusErrorHandler",
    "interface Disposable",
    "object UniffiWithHandle",
    "object NoHandle",
    "interface UniffiCleaner",
    "public fun uniffi",
    "public interface FfiConverter",
    "public object FfiConverter",
    "public typealias ",
    "public interface Foreign",
    "open class Foreign",
    "data class Foreign",
    "sealed class Foreign",
    "data class OpenOptions",
    "inline fun <T : Disposable",
    "class InternalException",
    "object FfiConverter",
];
/// Scalars of the surface, and what they are in Kotlin.
const SCALARS: [(&str, &str); 4] = [
    ("ByteCount", "kotlin.Long"),
    ("Count", "kotlin.Int"),
    ("Millis", "kotlin.time.Duration"),
    ("Timestamp", "kotlin.time.Instant"),
];
/// Functions that the package wraps.
const FUNCTIONS: [&str; 3] = ["defaultConfig", "diagnostics", "rebuildStore"];

pub(super) fn shaped(text: &str) -> Result<String, String> {
    let mut lines = Vec::new();
    let mut in_exception = false;
    let mut skip_message = false;
    for line in text.lines() {
        if skip_message {
            skip_message = false;
            continue;
        }
        if line.starts_with("sealed class ") || line.starts_with("data class ") {
            in_exception = line.contains(": kotlin.Exception()");
        }
        // A variant shows its fields; the Rust text of the error, which is better, comes below.
        if in_exception && line.trim() == "override val message" {
            skip_message = true;
            continue;
        }
        lines.push(shaped_line(line, in_exception));
    }
    let text = lines.join("\n") + "\n";
    for expected in ["internal open class ClientHandle", "data object SignedOut"] {
        if !text.contains(expected) {
            return Err(format!("the generated Kotlin has no {expected:?} any more"));
        }
    }
    Ok(text)
}

fn shaped_line(line: &str, in_exception: bool) -> String {
    if is_plumbing(line) {
        return format!("internal {}", line.strip_prefix("public ").unwrap_or(line));
    }
    if in_exception {
        if line.trim() == "override fun toString(): String {" {
            return "    override val message: kotlin.String get() {".to_owned();
        }
        if let Some(rest) = line.strip_prefix("    companion object ErrorHandler") {
            return format!("    internal companion object ErrorHandler{rest}");
        }
    }
    for name in FUNCTIONS {
        let declared = format!("fun `{name}`");
        if line.contains(&declared) {
            return line.replace(&declared, &format!("internal {declared}"));
        }
    }
    let state = line
        .strip_prefix("    object ")
        .filter(|rest| rest.ends_with("()") && rest.contains(" : "));
    if let Some(rest) = state {
        return format!("    data object {rest}");
    }
    with_scalars(line)
}

fn is_plumbing(line: &str) -> bool {
    let named = |ending: &str| {
        let declared = line
            .strip_prefix("public interface ")
            .or_else(|| line.strip_prefix("open class "));
        let name = declared.and_then(|rest| rest.split([' ', ':', '(']).next());
        name.is_some_and(|name| name.trim_end_matches("Interface").ends_with(ending))
    };
    PLUMBING.iter().any(|begin| line.starts_with(begin)) || named("Handle") || named("Watcher")
}

/// Types of fields and results only: converters keep their names.
fn with_scalars(line: &str) -> String {
    let mut line = line.to_owned();
    for (name, kotlin) in SCALARS {
        for (before, after) in [
            (": ", ""),
            (": ", "?"),
            (": chat.fulmar.", ""),
            (": chat.fulmar.", "?"),
        ] {
            let generated = format!("{before}{name}{after}");
            if let Some(at) = line.find(&generated) {
                let end = at + generated.len();
                if !line[end..].starts_with(|next: char| next.is_alphanumeric() || next == '`') {
                    line.replace_range(at..end, &format!(": {kotlin}{after}"));
                }
            }
        }
    }
    line
}
