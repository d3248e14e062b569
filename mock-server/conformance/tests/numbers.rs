//! Every check of the suite has a number of its own, in a section of PROTOCOL.md. That every MUST and every row of a
//! table has a check, `cargo xtask tidy` sees.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn every_check_has_a_number_of_its_own_in_a_section_that_exists() {
    let protocol = fs::read_to_string(root().join("protocol/PROTOCOL.md")).unwrap();
    let mut seen = Vec::new();
    for (id, _) in fulmar_conformance::numbers() {
        assert!(!seen.contains(&id), "{id} is there twice");
        seen.push(id);
        let (section, _) = id.rsplit_once('.').unwrap();
        let heading = match section.strip_suffix(".0") {
            Some(chapter) => format!("\n## {chapter}. "),
            None => format!("\n### {section} "),
        };
        assert!(
            protocol.contains(&heading),
            "{id}: there is no section {section}"
        );
    }
    assert!(seen.len() >= 175, "{}", seen.len());
}
