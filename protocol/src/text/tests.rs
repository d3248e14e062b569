use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::{Attachment, AttachmentKind, ContentHash, FileId, Payload, Thumbnail};

/// A table of `vectors/text/`, written by hand.
fn table<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors/text")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_shows_nothing_is_blank() {
    let table: BTreeMap<String, Vec<String>> = table("blank.json");
    for text in &table["blank"] {
        assert!(is_blank(text), "{text:?}");
    }
    for text in &table["visible"] {
        assert!(!is_blank(text), "{text:?}");
    }
}

#[test]
fn a_reaction_is_one_emoji_in_one_form() {
    let table: BTreeMap<String, Vec<Vec<String>>> = table("reactions.json");
    for same in &table["same"] {
        let normal = &same[0];
        for text in same {
            assert_eq!(reaction(text).as_ref(), Ok(normal), "{text:?}");
        }
    }
    for text in table["refused"].iter().flatten() {
        assert!(reaction(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_reaction_has_64_bytes() {
    let long = format!("👩{}", "\u{200D}👩".repeat(9));
    assert!(matches!(
        reaction(&long),
        Err(TextFault::TooLong { most: 64, .. })
    ));
    // 63 bytes as it comes, and more in its normal form.
    let grows = ["☺"; 11].join("\u{200D}");
    assert!(grows.len() <= 64 && reaction(&grows).is_err());
}

#[test]
fn names_of_files_are_made_harmless() {
    let table: Vec<(String, String)> = table("file_names.json");
    for (given, cleaned) in table {
        assert_eq!(clean_file_name(&given), cleaned, "{given:?}");
        assert!(is_file_name(&cleaned), "{cleaned:?}");
        assert_eq!(clean_file_name(&cleaned), cleaned, "{given:?}");
    }
    for refused in [
        "",
        " ",
        ".",
        "..",
        "a/b",
        "a\\b",
        "a\tb",
        "a\u{0}b",
        "a\u{2028}b",
        "a\u{202E}b",
    ] {
        assert!(!is_file_name(refused), "{refused:?}");
    }
}

#[test]
fn a_long_name_of_a_file_keeps_its_ending() {
    let long = format!("{}.tar.gz", "é".repeat(50_000));
    let cleaned = clean_file_name(&long);
    assert!(cleaned.len() <= 255 && cleaned.len() >= 250, "{cleaned}");
    assert!(cleaned.ends_with("é.gz") || cleaned.ends_with("é.tar.gz"));
    assert!(is_file_name(&"x".repeat(255)) && !is_file_name(&"x".repeat(256)));
    let whole = "x".repeat(255);
    assert_eq!(clean_file_name(&whole), whole);
}

#[test]
fn an_id_that_somebody_chooses_has_one_form_and_one_look() {
    #[derive(serde::Deserialize)]
    struct Ids {
        normal: Vec<(String, String)>,
        refused: Vec<String>,
        #[serde(rename = "look alike")]
        look_alike: Vec<Vec<String>>,
        #[serde(rename = "look different")]
        look_different: Vec<(String, String)>,
    }
    let table: Ids = table("user_ids.json");
    for (given, normal) in table.normal {
        assert_eq!(user_id(&given).as_ref(), Ok(&normal), "{given:?}");
        assert_eq!(user_id(&normal), Ok(normal), "{given:?}");
    }
    for refused in table.refused {
        assert!(user_id(&refused).is_err(), "{refused:?}");
    }
    for alike in table.look_alike {
        for id in &alike {
            assert_eq!(looks(id), looks(&alike[0]), "{id:?} like {:?}", alike[0]);
        }
    }
    for (one, other) in table.look_different {
        assert_ne!(looks(&one), looks(&other), "{one:?} {other:?}");
    }
    assert_eq!(user_id("\u{430}lice"), Err(TextFault::MixedScripts));
    assert_eq!(user_id("al ice"), Err(TextFault::NotAnId));
}

#[test]
fn names_and_titles_have_one_form() {
    let table: Vec<(String, Option<String>)> = table("names.json");
    for (given, normal) in table {
        assert_eq!(name(&given).ok(), normal, "{given:?}");
        assert_eq!(title(&given).ok(), normal, "{given:?}");
    }
}

#[test]
fn names_are_found_whatever_their_case() {
    for (one, other) in [
        ("\u{c9}MILE", "e\u{301}mile"),
        (
            "\u{418}\u{420}\u{418}\u{41d}\u{410}",
            "\u{438}\u{440}\u{438}\u{43d}\u{430}",
        ),
        (
            "\u{39d}\u{38a}\u{39a}\u{39f}\u{3a3}",
            "\u{3bd}\u{3af}\u{3ba}\u{3bf}\u{3c2}",
        ),
        ("Stra\u{df}e", "STRASSE"),
        ("\u{ff21}nn", "ann"),
    ] {
        assert_eq!(folded(one), folded(other));
    }
    assert_ne!(folded("emile"), folded("\u{e9}mile"));
}

proptest::proptest! {
    #[test]
    fn a_normal_form_is_its_own(text in "\\PC{0,20}|[aA\u{430} \u{301}\u{200d}\u{202e}\u{ac00}\u{1100}\u{5d0}]{0,9}") {
        if let Ok(normal) = name(&text) {
            assert_eq!(name(&normal), Ok(normal.clone()));
        }
        if let Ok(normal) = user_id(&text) {
            assert_eq!(user_id(&normal), Ok(normal.clone()));
            assert_eq!(looks(&normal), looks(&text));
        }
    }

    #[test]
    fn any_name_of_a_file_becomes_one(name in "\\PC{0,40}|[./\\\\\u{202e}\u{0} a:.]{0,300}|.{0,300}") {
        let cleaned = clean_file_name(&name);
        assert!(is_file_name(&cleaned), "{cleaned:?}");
        assert_eq!(clean_file_name(&cleaned), cleaned.clone());
    }

    #[test]
    fn words_stand_in_their_text(text in ".{0,60}") {
        for word in words(&text) {
            assert!(!text[word.at].is_empty());
            assert!(!word.text.contains(char::is_whitespace) && !word.text.is_empty());
        }
        let _ = query_words(&text);
    }

    #[test]
    fn the_normal_form_of_a_reaction_is_its_own(text in "[👍❤☺👨👩\u{200d}\u{fe0f}🏽1\u{20e3}🇩🇪]{1,6}") {
        if let Ok(normal) = reaction(&text) {
            assert_eq!(reaction(&normal), Ok(normal.clone()));
        }
    }
}

#[test]
fn an_attachment_from_elsewhere_is_bounded() {
    let mut attachment = Attachment {
        file_id: FileId::new("f-1").unwrap(),
        kind: AttachmentKind::Image,
        name: "../../x".to_owned(),
        mime_type: "image/png".to_owned(),
        size: 1,
        sha256: ContentHash::from_bytes([1; 32]),
        width: None,
        height: None,
        duration_ms: None,
        blurhash: Some("x".repeat(129)),
        thumbnail: Some(Thumbnail(vec![0; 2_049])),
    };
    clean_attachment(&mut attachment);
    assert_eq!(attachment.name, "x");
    assert_eq!((attachment.blurhash, attachment.thumbnail), (None, None));
}

#[test]
fn bounds_are_kept() {
    let most = "x".repeat(TITLE_BYTES);
    let most = most.as_str();
    assert_eq!(title(most).as_deref(), Ok(most));
    let longer = format!("{most}x");
    let too_long = TextFault::TooLong {
        bytes: 201,
        most: 200,
    };
    assert_eq!(title(&longer), Err(too_long));
    assert_eq!(name(&longer), Err(too_long));
    assert_eq!(title("\u{2060}"), Err(TextFault::Blank));
    assert_eq!(check_message(" ", false, 10), Err(TextFault::Blank));
    assert_eq!(check_message(" ", true, 10), Ok(()));
    assert!(check_message("eleven byte", true, 10).is_err());
    assert_eq!(check_draft(""), Ok(()));
    assert_eq!(check_draft(&"x".repeat(DRAFT_BYTES)), Ok(()));
    assert_eq!(
        check_draft(&"x".repeat(DRAFT_BYTES + 1)),
        Err(TextFault::TooLong {
            bytes: 65_537,
            most: 65_536
        })
    );
    let payload = |kind: &str, data: &str| Payload {
        kind: kind.to_owned(),
        data: serde_json::Value::String(data.to_owned()),
    };
    assert_eq!(check_payload(&payload("place", "12345678"), 10), Ok(()));
    assert!(check_payload(&payload("place", "123456789"), 10).is_err());
    assert!(check_payload(&payload("", "1"), 10).is_err());
    assert!(check_payload(&payload(&"x".repeat(129), "1"), 10).is_err());
    assert_eq!(check_query("!?"), Err(TextFault::NoWord));
    assert!(check_query(&"a ".repeat(17)).is_err());
    assert_eq!(check_query("👍"), Ok(()));
}

#[test]
fn words_are_compared_in_one_form() {
    let table: Vec<(String, Vec<String>)> = table("words.json");
    for (text, expected) in table {
        let found: Vec<String> = words(&text).into_iter().map(|word| word.text).collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn a_word_remembers_where_it_stands() {
    for (text, expected) in [
        ("Die Straße!", vec!["Die", "Straße"]),
        ("cafe\u{301} ok", vec!["cafe\u{301}", "ok"]),
        ("ok 👍🏽.", vec!["ok", "👍🏽"]),
        (
            "\u{1112}\u{1161}\u{11AB}글",
            vec!["\u{1112}\u{1161}\u{11AB}", "글"],
        ),
        ("don’t", vec!["don’t", "don", "t"]),
    ] {
        let found: Vec<&str> = words(text).into_iter().map(|word| &text[word.at]).collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn what_is_searched_for_stands_side_by_side() {
    for (text, expected) in [
        ("Don't  stop", vec![vec!["dont"], vec!["stop"]]),
        ("rock-n-roll", vec![vec!["rock", "n", "roll"]]),
        ("l'amour-propre", vec![vec!["lamour"], vec!["propre"]]),
        ("東京", vec![vec!["東", "京"]]),
        ("!!", vec![]),
    ] {
        assert_eq!(query_words(text), expected, "{text:?}");
    }
}
