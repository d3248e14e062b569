//! A test that a requirement names is there.

use std::fs;

/// Where each requirement names its test.
const FILE: &str = "tests/REQUIREMENTS.md";

pub(super) fn judge(complaints: &mut Vec<String>) -> Result<(), String> {
    let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    for name in text.split('`').filter(|word| word.contains("::")) {
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        let path = format!("tests/end_to_end/{file}.rs");
        let there = fs::read_to_string(&path)
            .is_ok_and(|source| source.contains(&format!("async fn {test}()")));
        // The first words say how a test is written.
        if !there && name != "file::test" {
            complaints.push(format!("{FILE}: there is no test {name}"));
        }
    }
    Ok(())
}
