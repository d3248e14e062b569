//! What a file of this device is called when it goes with a message.

use std::path::Path;

use fulmar_protocol::Attachment;
use fulmar_protocol::text::{clean_file_name, is_file_name};

/// How much of a name may count as its ending, in bytes.
const ENDING: usize = 32;

/// The last part of the path, as far as a name may have it (PROTOCOL.md §4.7): the app did not choose it, so
/// what is forbidden is replaced, and what is too long is shortened in front of the ending.
pub(super) fn of_path(path: &Path) -> String {
    let name = path.file_name().unwrap_or("file".as_ref());
    let separators = |c: char| c == '/' || c == '\\' || c.is_control();
    let name = shortened(name.to_string_lossy().replace(separators, "_"));
    if is_file_name(&name) {
        return name;
    }
    // What turns the direction of reading, what shows nothing.
    clean_file_name(&name)
}

fn shortened(name: String) -> String {
    if name.len() <= Attachment::NAME_BYTES {
        return name;
    }
    let (stem, ending) = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= ENDING => name.split_at(dot),
        Some(_) | None => (name.as_str(), ""),
    };
    let room = Attachment::NAME_BYTES - ending.len();
    format!("{}{ending}", &stem[..stem.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use fulmar_protocol::Attachment;

    use super::{is_file_name, of_path};

    #[test]
    fn what_a_name_may_not_have_is_replaced() {
        for (path, name) in [
            ("/home/alice/harbour.jpg", "harbour.jpg"),
            ("C:\\Users\\alice\\a.txt", "C:_Users_alice_a.txt"),
            ("two\tparts.txt", "two_parts.txt"),
            ("two\nlines.txt", "two_lines.txt"),
            ("/tmp/..", "file"),
            ("/", "file"),
            ("", "file"),
            ("Straße 東京.pdf", "Straße 東京.pdf"),
        ] {
            assert_eq!(of_path(Path::new(path)), name, "{path:?}");
        }
    }

    #[test]
    fn whatever_a_file_is_called_it_can_be_sent() {
        for odd in [
            "\u{202e}gpj.exe",
            "a\u{200f}b.txt",
            "a\u{2066}b.txt",
            "\u{feff}.txt",
            "a\u{2028}b",
            "\u{2029}",
            "   ",
            "\u{200b}",
            "\u{2800}",
            ". .",
        ] {
            let name = of_path(Path::new(odd));
            assert!(is_file_name(&name), "{odd:?} became {name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending_and_whole_characters() {
        for (stem, ending) in [("a", ".jpeg"), ("ä", ".jpeg"), ("東", ".tar.gz"), ("x", "")] {
            let path = PathBuf::from(format!("{}{ending}", stem.repeat(300)));
            let name = of_path(&path);
            let last = ending.rfind('.').map_or("", |dot| &ending[dot..]);
            assert!(name.ends_with(last), "{name}");
            let length = name.len();
            assert!(length > 250 && length <= Attachment::NAME_BYTES, "{length}");
        }
        // What is behind the last dot is no ending when it is that long.
        let name = of_path(Path::new(&format!("a.{}", "b".repeat(300))));
        assert_eq!(name.len(), Attachment::NAME_BYTES);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_becomes_one() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;

        let path = Path::new(OsStr::from_bytes(b"caf\xe9.txt"));
        assert_eq!(of_path(path), "caf\u{fffd}.txt");
        // Each such byte takes three in a text.
        let long = [&[0xe9; 250][..], b".txt"].concat();
        let name = of_path(Path::new(OsStr::from_bytes(&long)));
        assert!(name.len() <= Attachment::NAME_BYTES && name.ends_with(".txt"));
    }
}
