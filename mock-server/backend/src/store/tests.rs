use rusqlite::Connection;

use super::{STEPS, prepare};

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
