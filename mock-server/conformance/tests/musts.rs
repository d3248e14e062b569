//! Every MUST of PROTOCOL.md has a number, and every number a check: of servers in the suite, of clients in the
//! tests of the SDK.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a client must do, and the test of the SDK that shows it.
const OF_CLIENTS: &[(&str, &str, &str)] = &[
    (
        "M3",
        "tests/end_to_end/faults.rs",
        "an_event_that_nobody_knows_counts_as_seen_and_the_hole_is_filled_with_the_next",
    ),
    (
        "M7",
        "tests/end_to_end/obligations.rs",
        "started_is_not_said_more_often_than_once_a_second",
    ),
    (
        "M13",
        "tests/end_to_end/obligations.rs",
        "what_is_older_than_the_servers_memory_is_not_tried_again_by_itself",
    ),
    (
        "M14",
        "tests/end_to_end/obligations.rs",
        "there_are_never_two_submits_of_one_conversation_under_way",
    ),
    (
        "M17",
        "tests/end_to_end/faults.rs",
        "tokens_that_are_not_good_any_more",
    ),
    (
        "M19",
        "tests/end_to_end/bad_input.rs",
        "answers_that_are_no_answers_are_tried_again",
    ),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn every_must_has_a_number_and_every_number_a_check() {
    let protocol = fs::read_to_string(root().join("protocol/PROTOCOL.md")).unwrap();
    let (_, rules) = protocol.split_once("## 1.").unwrap();
    let mut numbers = Vec::new();
    for (place, _) in rules.match_indices("MUST") {
        let rest = &rules[place + "MUST".len()..];
        let rest = rest.strip_prefix(" NOT").unwrap_or(rest).trim_start();
        let context: String = rules[place..].chars().take(60).collect();
        let number = rest
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map(|(number, _)| number.to_owned())
            .unwrap_or_else(|| panic!("a MUST without a number: {context}"));
        numbers.push(number);
    }
    let mut checks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, musts) in fulmar_conformance::numbers() {
        for must in musts {
            checks.entry(must).or_default().push(id);
        }
    }
    for (index, number) in numbers.iter().enumerate() {
        assert_eq!(*number, format!("M{}", index + 1), "numbers are in order");
        let of_servers = checks.contains_key(number.as_str());
        let of_clients = OF_CLIENTS.iter().any(|(must, ..)| must == number);
        assert!(
            of_servers != of_clients,
            "{number} has no check, or two kinds of them"
        );
    }
    for must in checks.keys() {
        assert!(
            numbers.iter().any(|number| number == must),
            "there is no {must}"
        );
    }
    for (must, file, test) in OF_CLIENTS {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(
            text.contains(&format!("fn {test}(")),
            "{must}: {file} has no {test}"
        );
    }
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
