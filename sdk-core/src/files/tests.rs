//! Tests of the folder of files.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs;
use std::time::{Duration, SystemTime};

use fulmar_protocol::ContentHash;

use super::partial::Appended;
use super::{Files, ImportError, Source};

/// Of "hello world".
const HASH: &str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

/// More than any file here has.
const MOST: u64 = 1_000;

fn folder() -> (tempfile::TempDir, Files) {
    let dir = tempfile::tempdir().unwrap();
    let files = Files::beside(&dir.path().join("alice.db"));
    (dir, files)
}

fn import(files: &Files, text: &str) -> ContentHash {
    files.import(&Source::Bytes(text.into()), MOST).unwrap().0
}

/// As if it had been used a while ago.
fn age(files: &Files, content: ContentHash, seconds: u64) {
    let path = files.path_of(content);
    let file = fs::File::options().append(true).open(path).unwrap();
    let then = SystemTime::now() - Duration::from_secs(seconds);
    file.set_modified(then).unwrap();
}

fn trim(files: &Files, limit: u64, needed: &[ContentHash]) {
    let needed: BTreeSet<ContentHash> = needed.iter().copied().collect();
    let Ok(()) = files.trim::<Infallible>(limit, || Ok(needed));
}

#[test]
fn a_file_that_was_taken_over_is_ours() {
    let (dir, files) = folder();
    let original = dir.path().join("hello.txt");
    fs::write(&original, "hello world").unwrap();
    let (content, size) = files.import(&Source::Path(original.clone()), MOST).unwrap();
    assert_eq!((content.to_string().as_str(), size), (HASH, 11));
    fs::remove_file(&original).unwrap();
    let path = files.find(content).unwrap();
    assert_eq!(fs::read(path).unwrap(), b"hello world");
    assert_eq!(files.read(content, 6, 5).unwrap(), Some(b"world".to_vec()));
    assert_eq!(
        files.read(content, 6, 6).unwrap(),
        None,
        "so much is not there"
    );
    // The same bytes once more are the same file.
    assert_eq!(import(&files, "hello world"), content);
    assert_eq!(
        fs::read_dir(dir.path().join("alice.db.files"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn what_is_no_file_is_not_taken_over_and_leaves_nothing() {
    let (dir, files) = folder();
    for path in [dir.path().to_owned(), dir.path().join("nothing")] {
        assert!(files.import(&Source::Path(path), MOST).is_err());
    }
    assert!(!dir.path().join("alice.db.files").exists());
}

#[test]
fn parts_become_a_file_that_is_what_was_announced_or_nothing() {
    let (_dir, files) = folder();
    let content: ContentHash = HASH.parse().unwrap();
    assert_eq!(files.append(content, 11, 3, b"lo").unwrap(), Appended::Lost);
    assert_eq!(
        files.append(content, 11, 0, b"hello").unwrap(),
        Appended::Upto(5)
    );
    assert_eq!(files.received(content), 5);
    assert_eq!(files.find(content), None);
    // The same part a second time, and a late one of another length.
    assert_eq!(
        files.append(content, 11, 0, b"hello").unwrap(),
        Appended::Upto(5)
    );
    assert_eq!(
        files.append(content, 11, 5, b" world, and").unwrap(),
        Appended::Upto(11)
    );
    assert_eq!(
        fs::read(files.find(content).unwrap()).unwrap(),
        b"hello world"
    );

    let other = ContentHash::from_bytes([7; 32]);
    assert_eq!(
        files.append(other, 3, 0, b"abc").unwrap(),
        Appended::Damaged
    );
    assert_eq!((files.received(other), files.find(other)), (0, None));
}

#[test]
fn what_was_used_longest_ago_goes_first_and_what_is_needed_never() {
    let (dir, files) = folder();
    let [oldest, middle, newest] = ["aaaa", "bbbb", "cccc"].map(|text| import(&files, text));
    for (content, seconds) in [(oldest, 300), (middle, 200), (newest, 100)] {
        age(&files, content, seconds);
    }
    let just_now = import(&files, "dddd");
    fs::write(dir.path().join("alice.db.files/incoming-7"), "cut short").unwrap();
    trim(&files, 100, &[]);
    assert!(!dir.path().join("alice.db.files/incoming-7").exists());
    trim(&files, 8, &[oldest]);
    let there = |content| files.path_of(content).exists();
    let all = [oldest, middle, newest, just_now];
    assert_eq!(all.map(there), [true, false, true, true]);
    trim(&files, 0, &[oldest]);
    assert_eq!(all.map(there), [true, false, false, true]);
    age(&files, just_now, 61);
    trim(&files, 0, &[oldest]);
    assert_eq!(all.map(there), [true, false, false, false]);

    files.clear().unwrap();
    files.clear().unwrap();
    assert!(files.find(oldest).is_none());
    trim(&files, 0, &[]);
}

#[tokio::test]
async fn nothing_goes_while_a_file_is_handed_over() {
    let (_dir, files) = folder();
    let handover = files.handover().await;
    let content = import(&files, "just came");
    age(&files, content, 100);
    trim(&files, 0, &[]);
    assert!(files.path_of(content).exists());
    drop(handover);
    trim(&files, 0, &[]);
    assert!(files.find(content).is_none());
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_at_once() {
    let (dir, files) = folder();
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let (told, refused) = std::sync::mpsc::channel();
    // Nobody is at the other end of the pipe, so opening it blocks.
    std::thread::spawn(move || {
        for path in [pipe, "/dev/zero".into(), "/dev/stdin".into(), "/".into()] {
            let refused = files.import(&Source::Path(path), MOST).is_err();
            told.send(refused).unwrap();
        }
    });
    for _ in 0..4 {
        assert_eq!(refused.recv_timeout(Duration::from_secs(20)), Ok(true));
    }
}

#[test]
fn what_is_too_large_is_not_even_begun_and_what_grows_is_cut_off() {
    let (dir, files) = folder();
    let large = dir.path().join("large");
    // It has no bytes on the disk: a copy would have all of them.
    fs::File::create(&large).unwrap().set_len(1 << 40).unwrap();
    let there = dir.path().join("alice.db.files");
    for source in [Source::Path(large), Source::Bytes(vec![0; 1_001])] {
        let refused = files.import(&source, MOST);
        assert!(
            matches!(refused, Err(ImportError::TooLarge { most: MOST })),
            "{refused:?}"
        );
        assert!(!there.exists(), "nothing was copied");
    }
    // Says that it is empty, and is not.
    #[cfg(target_os = "linux")]
    {
        let growing = Source::Path("/proc/self/status".into());
        let refused = files.import(&growing, 10);
        assert!(
            matches!(refused, Err(ImportError::TooLarge { most: 10 })),
            "{refused:?}"
        );
        assert_eq!(fs::read_dir(&there).unwrap().count(), 0);
    }
    let exact = Source::Bytes(vec![0; 1_000]);
    assert_eq!(files.import(&exact, MOST).unwrap().1, MOST);
}

#[cfg(unix)]
#[test]
fn a_store_has_the_same_files_by_whatever_name() {
    let place = tempfile::tempdir().unwrap();
    let real = place.path().join("a.db");
    fs::write(&real, b"").unwrap();
    let link = place.path().join("link.db");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (content, _) = Files::beside(&link)
        .import(&Source::Bytes(b"hello".to_vec()), MOST)
        .unwrap();
    assert!(Files::beside(&real).find(content).is_some());
}
