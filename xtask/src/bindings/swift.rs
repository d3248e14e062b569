//! Shapes the generated Swift: plumbing is for this package alone, errors are named and printed as
//! Swift does, scalars have Swift's names, and buffers are read in place.

/// What reads a buffer that came from Rust. The generator's own copies each integer and each string
/// out of a `Data`, which costs more than half of what a page of messages costs.
const READER: &str = "\
package struct UniffiReader {
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    init(_ buffer: RustBuffer) {
        bytes = UnsafeRawBufferPointer(start: buffer.data, count: Int(buffer.len))
    }

    mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count - offset else {
            throw UniffiInternalError.bufferOverflow
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}

// Integers cross with their highest byte first.
fileprivate func readInt<T: FixedWidthInteger>(_ reader: inout UniffiReader) throws -> T {
    T(bigEndian: try reader.take(MemoryLayout<T>.size).loadUnaligned(as: T.self))
}

fileprivate func readBytes(_ reader: inout UniffiReader, count: Int) throws -> UnsafeRawBufferPointer {
    try reader.take(count)
}

fileprivate func hasRemaining(_ reader: UniffiReader) -> Bool {
    reader.offset < reader.bytes.count
}

// An error whose fields Rust does not take has no text of Rust's.
fileprivate func uniffiText(_ buffer: RustBuffer?) -> String {
    buffer.flatMap { try? FfiConverterString.lift($0) } ?? \"an error with impossible fields\"
}
";

/// Replaced wherever they stand, and each must stand somewhere.
const REPLACED: [(&str, &str); 6] = [
    ("(data: Data, offset: Data.Index)", "UniffiReader"),
    (
        "createReader(data: Data(rustBuffer: buf))",
        "UniffiReader(buf)",
    ),
    (
        ": Swift.Error, Equatable, Hashable, Foundation.LocalizedError {",
        ": Swift.Error, Equatable, Hashable, Foundation.LocalizedError, CustomStringConvertible {",
    ),
    (
        "        String(reflecting: self)\n",
        "        description\n",
    ),
    (
        "return try!  FfiConverterString.lift(\n        try! rustCall() {",
        "return uniffiText(\n        try? rustCall() {",
    ),
    // One that fails half-way gives its buffer back all the same.
    (
        "        let value = try read(from: &reader)\n        if hasRemaining(reader) {\n            \
         throw UniffiInternalError.incompleteData\n        }\n        buf.deallocate()\n",
        "        defer { buf.deallocate() }\n        let value = try read(from: &reader)\n        \
         if hasRemaining(reader) {\n            throw UniffiInternalError.incompleteData\n        }\n",
    ),
];
/// Scalars of the surface, and what they are in Swift.
const SCALARS: [(&str, &str); 4] = [
    ("ByteCount", "Int64"),
    ("Count", "Int"),
    ("Millis", "Duration"),
    ("Timestamp", "Date"),
];
/// Names of declarations that only this package uses.
const PLUMBING: [&str; 8] = [
    "FfiConverter",
    "Foreign",
    "Handle",
    "Watcher",
    "OpenOptions",
    "uniffi",
    "UniFFI",
    "typealias",
];
/// Functions that the package wraps.
const FUNCTIONS: [&str; 3] = ["defaultConfig(", "diagnostics(", "rebuildStore("];

pub(super) fn shaped(text: &str) -> Result<String, String> {
    let mut text = with_reader(text)?;
    for (generated, ours) in REPLACED {
        if !text.contains(generated) {
            return Err(format!("the generated Swift has no {generated:?} any more"));
        }
        text = text.replace(generated, ours);
    }
    let mut lines = Vec::new();
    let mut hidden = false;
    for line in text.lines() {
        // A declaration goes from a line that begins at the margin to the next one.
        if line.starts_with("public ")
            || line.starts_with("open ")
            || line.starts_with("extension ")
        {
            hidden = is_plumbing(line);
        }
        let line = with_scalars(&with_lower_cases(line));
        lines.push(if hidden {
            let line = line.replacen("open class ", "package class ", 1);
            let line = line.replacen("open func ", "package func ", 1);
            line.replacen("public ", "package ", 1)
        } else {
            line
        });
    }
    let text = lines.join("\n") + "\n";
    for expected in [
        "package class ClientHandle",
        "case signedOut",
        "var at: Date",
    ] {
        if !text.contains(expected) {
            return Err(format!("the shaped Swift has no {expected:?}"));
        }
    }
    Ok(text)
}

/// The text with our reader in place of the generator's.
fn with_reader(text: &str) -> Result<String, String> {
    let begin = "fileprivate func createReader(";
    let end = "// Define writer functionality.";
    let cut = || {
        let (before, rest) = text.split_once(begin)?;
        let (_, after) = rest.split_once(end)?;
        Some(format!("{before}{READER}\n{end}{after}"))
    };
    cut().ok_or_else(|| "the generated Swift has no reader any more".to_owned())
}

fn is_plumbing(line: &str) -> bool {
    PLUMBING.iter().any(|name| line.contains(name))
        || FUNCTIONS.iter().any(|name| line.contains(name))
}

/// The generator names the cases of errors like types.
fn with_lower_cases(line: &str) -> String {
    let mut line = line.to_owned();
    for before in ["    case ", "case .", "case let .", ": return ."] {
        if let Some(at) = line.find(before) {
            let first = at + before.len();
            let mut letters = line[first..].chars();
            // Constants are all capitals, and stay.
            if letters
                .next()
                .is_some_and(|letter| letter.is_ascii_uppercase())
                && letters
                    .next()
                    .is_some_and(|letter| letter.is_ascii_lowercase())
            {
                line[first..=first].make_ascii_lowercase();
            }
        }
    }
    line
}

/// Types of fields, parameters and results only: converters keep their names.
fn with_scalars(line: &str) -> String {
    let mut line = line.to_owned();
    for (name, swift) in SCALARS {
        let generated = format!(": {name}");
        if let Some(at) = line.find(&generated) {
            let end = at + generated.len();
            if !line[end..].starts_with(char::is_alphanumeric) {
                line.replace_range(at..end, &format!(": {swift}"));
            }
        }
    }
    line
}
