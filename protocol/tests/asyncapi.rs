//! `asyncapi.json` gives the frames the shape that the vectors show: what is accepted fits one of them,
//! what is rejected fits none.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

fn document() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncapi.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The frames that one side sends: their types, and the schema of each.
fn frames(document: &Value, operation: &str) -> Vec<(String, Value)> {
    let messages = document["operations"][operation]["messages"]
        .as_array()
        .unwrap();
    messages
        .iter()
        .map(|message| {
            let name = message["$ref"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap();
            let mut schema = document["components"]["messages"][name]["payload"].clone();
            let kind = schema["properties"]["type"]["const"]
                .as_str()
                .unwrap()
                .to_owned();
            // References begin at the root of the document.
            schema["components"] = document["components"].clone();
            (kind, schema)
        })
        .collect()
}

/// Whether a frame has the shape that the document gives it; `None` when it knows no such frame.
fn fits(frames: &[(String, Value)], frame: &Value) -> Option<bool> {
    let (_, schema) = frames
        .iter()
        .find(|(kind, _)| frame["type"] == json!(kind))?;
    Some(jsonschema::is_valid(schema, frame))
}

fn vectors(folder: &str, side: &str) -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(folder);
    let mut found: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .filter(|(name, _)| name.starts_with(side))
        .map(|(name, text)| (name, serde_json::from_str(&text).unwrap()))
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(!found.is_empty());
    found
}

#[test]
fn every_frame_has_the_shape_that_the_vectors_show() {
    let document = document();
    for (side, operation) in [("client.", "fromClient"), ("server.", "fromServer")] {
        let frames = frames(&document, operation);
        for (name, frame) in vectors("accept", side) {
            assert_eq!(fits(&frames, &frame), Some(true), "{name}");
        }
        for (name, frame) in vectors("future", side) {
            assert_ne!(fits(&frames, &frame), Some(false), "{name}");
        }
        for (name, frame) in vectors("reject", side) {
            assert_ne!(fits(&frames, &frame), Some(true), "{name}");
        }
        for (kind, _) in &frames {
            let shown = vectors("accept", side);
            let seen = shown.iter().any(|(_, frame)| frame["type"] == json!(kind));
            assert!(seen, "there is no vector of {kind}");
        }
    }
}
