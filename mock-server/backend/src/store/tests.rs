use std::fs;
use std::path::Path;

use fulmar_protocol::{ConversationId, SearchQuery, UserId};
use rusqlite::Connection;

use super::{NEWEST, STEPS, conversations, define, log, prepare, search};

/// The schema as SQLite has it, by name, without what makes no difference: white space, comments, and quotes around names.
fn schema(database: &Connection) -> Vec<String> {
    let mut statement = database
        .prepare(
            "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    rows.map(|row| bare(&row.unwrap())).collect()
}

fn bare(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let line = words.join(" ").replace('"', "");
    line.replace(" ,", ",")
        .replace("( ", "(")
        .replace(" )", ")")
}

/// A database of every version that there ever was, as a server of that version wrote it.
#[test]
fn every_earlier_version_becomes_the_newest_and_loses_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    let fixtures: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(fixtures.len() as i64, NEWEST, "one per version");
    let fresh = Connection::open_in_memory().unwrap();
    prepare(&fresh, &[7; 32]).unwrap();
    let (ann, ben) = (UserId::new("ann").unwrap(), UserId::new("ben").unwrap());
    let trip = ConversationId::new("c").unwrap();
    for fixture in fixtures {
        let database = Connection::open_in_memory().unwrap();
        define(&database).unwrap();
        database
            .execute_batch(&fs::read_to_string(&fixture).unwrap())
            .unwrap();
        prepare(&database, &[7; 32]).unwrap();
        assert_eq!(schema(&database), schema(&fresh), "{fixture:?}");
        let seen = conversations::view(&database, &trip, &ben).unwrap();
        assert_eq!(seen.participants.len(), 2, "{fixture:?}");
        assert_eq!(seen.unread_count, 1, "{fixture:?}");
        assert_eq!(seen.messages[0].content.text, "Straße", "{fixture:?}");
        assert_eq!(
            log::state(&database, &ben).unwrap().head.0,
            1,
            "{fixture:?}"
        );
        let rows = [vec!["strasse".to_owned()]];
        let found = search::find(&database, &ann, &rows, &SearchQuery::default(), 0, 10).unwrap();
        assert_eq!(found.len(), 1, "{fixture:?}");
    }
}

/// What a version before the sixth left.
#[test]
fn an_older_database_gets_the_words_and_reactions_of_this_version() {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(&STEPS[..5].concat()).unwrap();
    database
        .execute_batch(
            "PRAGMA user_version = 5;
             INSERT INTO conversation (conversation_id, kind, created_at) VALUES ('c', 'group', 1);
             INSERT INTO message (conversation_id, position, message_id, operation_key, sender_id,
                                  text, sent_at)
             VALUES ('c', 1, 'm', x'01', 'ann', 'Straße', 1);
             INSERT INTO reaction (message_id, emoji, user_id)
             VALUES ('m', char(0x2764), 'ann'), ('m', char(0x2764, 0xFE0F), 'ann'),
                    ('m', char(0x2764), 'ben'), ('m', 'words', 'ann');",
        )
        .unwrap();
    prepare(&database, &[7; 32]).unwrap();
    let indexed: String = database
        .query_row("SELECT text FROM message_text", [], |row| row.get("text"))
        .unwrap();
    assert_eq!(indexed, "strasse");
    let mut statement = database
        .prepare("SELECT emoji, user_id FROM reaction ORDER BY user_id")
        .unwrap();
    let rows = statement.query_map([], |row| {
        Ok((
            row.get::<_, String>("emoji")?,
            row.get::<_, String>("user_id")?,
        ))
    });
    let heart = "\u{2764}\u{FE0F}".to_owned();
    let expected = ["ann", "ben"].map(|user| (heart.clone(), user.to_owned()));
    assert_eq!(Vec::from_iter(rows.unwrap().map(Result::unwrap)), expected);
}
