use fulmar_protocol::{Code, ContentHash};
use sha2::{Digest as _, Sha256};

use super::{Files, KEPT, MOST_WAITING, Upload};
use crate::store::files::File;
use crate::testing::{NOW, Stage, user};

const FILES: Files = Files {
    most_bytes: 10,
    most_stored: 25,
};

fn hash(bytes: &[u8]) -> ContentHash {
    ContentHash::from_bytes(Sha256::digest(bytes).into())
}

fn standing(upload: Upload) -> Option<File> {
    match upload {
        Upload::Stands(file) => Some(file),
        Upload::Damaged => None,
    }
}

/// Uploads bytes in one piece.
fn upload(stage: &mut Stage, name: &str, bytes: &[u8], announced: ContentHash) -> Option<File> {
    let owner = user(name);
    let begun = stage.ok(|tx| FILES.begin_upload(tx, &owner, bytes.len() as u64, Some(announced)));
    let begun = standing(begun).unwrap();
    standing(stage.ok(|tx| FILES.continue_upload(tx, &owner, &begun.id, 0, bytes)))
}

#[test]
fn bytes_are_taken_only_where_the_upload_stands() {
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let begun = stage.ok(|tx| FILES.begin_upload(tx, &ann, 4, None));
    let id = standing(begun).unwrap().id;
    stage.ok(|tx| FILES.continue_upload(tx, &ann, &id, 0, b"ab"));
    for (offset, bytes) in [(0, &b"ab"[..]), (1, b"b"), (3, b"d"), (2, b"cde")] {
        assert_eq!(
            stage.refused(|tx| FILES.continue_upload(tx, &ann, &id, offset, bytes)),
            Code::UploadConflict,
            "{offset} {bytes:?}"
        );
    }
    stage.ok(|tx| FILES.continue_upload(tx, &ann, &id, 2, b"cd"));
    let whole = stage.ok(|tx| FILES.find(tx, &ann, &id));
    assert_eq!(whole.sha256, Some(hash(b"abcd")));
    assert_eq!(stage.ok(|tx| FILES.bytes(tx, &whole, 1..3)), b"bc");
}

#[test]
fn what_is_not_what_was_announced_is_gone() {
    let mut stage = Stage::with(&["ann"]);
    assert!(upload(&mut stage, "ann", b"abc", hash(b"abd")).is_none());
    assert!(upload(&mut stage, "ann", b"abc", hash(b"abc")).is_some());
    assert_eq!(
        stage.refused(|tx| FILES.begin_upload(tx, &user("ann"), 11, None)),
        Code::RequestTooLarge
    );
}

#[test]
fn what_was_announced_counts_and_what_goes_makes_room() {
    let mut stage = Stage::with(&["ann", "ben"]);
    let (ann, ben) = (user("ann"), user("ben"));
    let full = |stage: &mut Stage, size| {
        let code = stage.refused(|tx| FILES.begin_upload(tx, &ann, size, None));
        assert_eq!(code, Code::StorageFull, "{size}");
    };
    let first = standing(stage.ok(|tx| FILES.begin_upload(tx, &ann, 10, None))).unwrap();
    upload(&mut stage, "ann", b"0123456789", hash(b"0123456789"));
    full(&mut stage, 6);
    // It is each user's own.
    stage.ok(|tx| FILES.begin_upload(tx, &ben, 10, None));
    stage.ok(|tx| FILES.end_upload(tx, &ann, &first.id));
    stage.ok(|tx| FILES.begin_upload(tx, &ann, 6, None));
    full(&mut stage, 10);
    stage.now = NOW.plus(KEPT);
    stage.ok(|tx| FILES.delete_expired(tx));
    // Files of no size count as well.
    for _ in 0..MOST_WAITING {
        stage.ok(|tx| FILES.begin_upload(tx, &ann, 0, None));
    }
    full(&mut stage, 0);
    // Those that a message carries are no uploads any more.
    stage.ok(|tx| {
        tx.db().execute("UPDATE file SET expires_at = NULL", [])?;
        Ok(())
    });
    stage.ok(|tx| FILES.begin_upload(tx, &ann, 0, None));
}

#[test]
fn a_file_that_no_message_carries_is_only_for_its_owner_and_only_for_a_while() {
    let mut stage = Stage::with(&["ann", "ben"]);
    let file = upload(&mut stage, "ann", b"abc", hash(b"abc")).unwrap();
    stage.ok(|tx| FILES.find(tx, &user("ann"), &file.id));
    assert_eq!(
        stage.refused(|tx| FILES.find(tx, &user("ben"), &file.id)),
        Code::FileNotFound
    );
    stage.now = NOW.plus(KEPT);
    assert_eq!(
        stage.refused(|tx| FILES.find(tx, &user("ann"), &file.id)),
        Code::FileNotFound
    );
    stage.ok(|tx| FILES.delete_expired(tx));
    stage.now = NOW;
    assert_eq!(
        stage.refused(|tx| FILES.find(tx, &user("ann"), &file.id)),
        Code::FileNotFound
    );
}
