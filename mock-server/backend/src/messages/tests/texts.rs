//! The rules of texts (PROTOCOL.md §4.8), and what is unread of hidden messages (§4.3).

use fulmar_protocol::{
    Code, Limits, MessageHide, Position, ReactionAdd, ReactionRemove, SearchQuery, Unread, UserId,
};

use rusqlite::{StatementStatus, params};

use super::super::{MessageNews, Search};
use super::Talk;
use crate::store::participants;
use crate::testing::{key, user};

impl Talk {
    /// Whether it changed anything.
    fn react(&mut self, name: &str, emoji: &str) -> std::result::Result<bool, Code> {
        let params = ReactionAdd {
            conversation_id: self.id.clone(),
            message_key: key(1),
            emoji: emoji.to_owned(),
        };
        self.by(name, 900, |room, tx, actor, writer| {
            room.add_reaction(tx, actor, writer, &params)
        })
        .map(|news| news.is_some())
    }

    fn unreact(&mut self, name: &str, emoji: &str) -> std::result::Result<bool, Code> {
        let params = ReactionRemove {
            conversation_id: self.id.clone(),
            message_key: key(1),
            emoji: emoji.to_owned(),
        };
        self.by(name, 900, |room, tx, actor, writer| {
            room.remove_reaction(tx, actor, writer, &params)
        })
        .map(|news| news.is_some())
    }

    /// What is told of the counts.
    fn hide(&mut self, name: &str, number: u16) -> Option<Unread> {
        let params = MessageHide {
            conversation_id: self.id.clone(),
            message_key: key(number),
        };
        let news = self.by(name, 900, |room, tx, actor, writer| {
            room.hide(tx, actor, writer.membership(), &params)
        });
        match news {
            Ok(Some(MessageNews::Hidden { unread, .. })) => unread,
            other => panic!("{other:?}"),
        }
    }

    fn unread(&mut self, who: &UserId) -> Unread {
        let id = &self.id;
        self.stage.ok(|tx| participants::unread(tx.db(), id, who))
    }

    fn search(&mut self, text: &str) -> std::result::Result<Vec<String>, Code> {
        let query = SearchQuery {
            text: text.to_owned(),
            conversation_id: None,
            sender_id: None,
            from: None,
            until: None,
        };
        let room = &self.room;
        let found = self.stage.run(|tx| {
            let search = Search::new(query)?;
            room.search(tx, &user("ben"), &search, None)
        });
        let (page, _) = found.map_err(|error| error.into_problem().code)?;
        Ok(page
            .messages
            .into_iter()
            .map(|message| message.content.text)
            .collect())
    }
}

#[test]
fn a_text_is_not_blank_and_not_too_long() {
    let mut talk = Talk::new(None);
    let limit = Limits::default().text_bytes as usize;
    for (number, text, refused) in [
        (1, String::new(), true),
        (2, " \n".to_owned(), true),
        (3, "x".repeat(limit), false),
        (4, "x".repeat(limit + 1), true),
        (5, "\u{200B}\u{2800}\u{AD}".to_owned(), true),
    ] {
        let sent = talk.send("ann", number, |params| params.text = text);
        assert_eq!(sent.is_err(), refused);
    }
}

#[test]
fn reactions_have_bounds() {
    let mut talk = Talk::new(None);
    talk.send("ann", 1, |_| ()).unwrap();
    for odd in [
        "",
        "a b",
        "\u{7}",
        "/",
        "..",
        "ok",
        "\u{200B}",
        "👍👍",
        &"x".repeat(65),
    ] {
        assert_eq!(talk.react("ben", odd), Err(Code::ParamsInvalid), "{odd:?}");
        assert_eq!(
            talk.unreact("ben", odd),
            Err(Code::ParamsInvalid),
            "{odd:?}"
        );
    }
    for emoji in "😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓".chars()
    {
        assert_eq!(talk.react("ben", &emoji.to_string()), Ok(true));
    }
    assert_eq!(talk.react("ben", "😀"), Ok(false));
    assert_eq!(talk.react("ben", "😔"), Err(Code::ParamsInvalid));
}

#[test]
fn a_heart_is_one_reaction_in_either_spelling() {
    let mut talk = Talk::new(None);
    talk.send("ann", 1, |_| ()).unwrap();
    assert_eq!(talk.react("ann", "\u{2764}"), Ok(true));
    assert_eq!(talk.react("ann", "\u{2764}\u{FE0F}"), Ok(false));
    assert_eq!(talk.react("ben", "\u{2764}\u{FE0F}"), Ok(true));
    let hearts = |talk: &mut Talk| {
        let reactions = talk.stored(key(1)).reactions.into_iter();
        let counts = reactions.map(|reaction| (reaction.emoji, reaction.user_ids.len()));
        counts.collect::<Vec<_>>()
    };
    assert_eq!(hearts(&mut talk), [("\u{2764}\u{FE0F}".to_owned(), 2)]);
    assert_eq!(talk.unreact("ben", "\u{2764}"), Ok(true));
    assert_eq!(talk.unreact("ann", "\u{2764}\u{FE0F}"), Ok(true));
    assert_eq!(hearts(&mut talk), []);
}

/// As it was told: a person who reads the message later sees the order that the others have seen change.
#[test]
fn an_emoji_keeps_its_place_while_anybody_has_set_it() {
    let mut talk = Talk::new(None);
    talk.send("ann", 1, |_| ()).unwrap();
    for (who, emoji) in [("ann", "🙈"), ("ben", "🎉"), ("ben", "🙈")] {
        assert_eq!(talk.react(who, emoji), Ok(true));
    }
    assert_eq!(talk.unreact("ann", "🙈"), Ok(true));
    let shown = talk.stored(key(1)).reactions.into_iter();
    let shown: Vec<_> = shown
        .map(|reaction| (reaction.emoji, reaction.user_ids))
        .collect();
    let ben = vec![user("ben")];
    assert_eq!(
        shown,
        [("🙈".to_owned(), ben.clone()), ("🎉".to_owned(), ben)]
    );
}

#[test]
fn what_one_has_hidden_is_not_unread() {
    let mut talk = Talk::new(None);
    let ben = user("ben");
    for number in 1..=3 {
        talk.send("ann", number, |params| params.mentions = vec![user("ben")])
            .unwrap();
    }
    let unread = |unread_count, unread_mentions| Unread {
        unread_count,
        unread_mentions,
    };
    assert_eq!(talk.unread(&ben), unread(3, 3));
    assert_eq!(talk.hide("ben", 2), Some(unread(2, 2)));
    assert_eq!(talk.unread(&ben), unread(2, 2));
    let id = talk.id.clone();
    let then = talk
        .stage
        .ok(|tx| participants::unread_up_to(tx.db(), &id, &ben, Position(2)));
    assert_eq!(then, unread(1, 1));
    // One's own do not count, hidden or not.
    assert_eq!(talk.hide("ann", 1), None);
    assert_eq!(talk.unread(&user("ann")), unread(0, 0));
}

#[test]
fn what_is_unread_is_counted_without_reading_it() {
    let mut talk = Talk::new(None);
    let (id, ben) = (talk.id.clone(), user("ben"));
    let mut counted = |from: u16, to: u16| {
        for number in from..=to {
            talk.send("ann", number, |_| ()).unwrap();
            talk.send("ben", 1_000 + number, |_| ()).unwrap();
        }
        talk.stage.ok(|tx| {
            let mut statement = tx.db().prepare(participants::UNREAD)?;
            let bound = params![id.as_str(), ben.as_str(), i64::MAX];
            let count: u32 = statement.query_row(bound, |row| row.get("unread_count"))?;
            Ok((count, statement.get_status(StatementStatus::VmStep)))
        })
    };
    let ((few, of_few), (many, of_many)) = (counted(1, 4), counted(5, 400));
    assert_eq!((few, many), (4, 400));
    assert_eq!(of_few, of_many, "steps of the database");
}

#[test]
fn a_search_compares_words_without_case_accents_width_and_apostrophes() {
    let mut talk = Talk::new(None);
    for (number, text) in (1..).zip([
        "Lange Straße 5",
        "Ｃａｆé",
        "I don’t",
        "ok 👍🏽",
        "東京タワー",
    ]) {
        talk.send("ann", number, |params| params.text = text.to_owned())
            .unwrap();
    }
    for (query, found) in [
        ("strasse", Some("Lange Straße 5")),
        ("CAFE", Some("Ｃａｆé")),
        ("dont", Some("I don’t")),
        ("👍", Some("ok 👍🏽")),
        ("京タ", Some("東京タワー")),
        ("lan", Some("Lange Straße 5")),
        ("traße", None),
        ("京東", None),
    ] {
        assert_eq!(
            talk.search(query),
            Ok(Vec::from_iter(found.map(str::to_owned))),
            "{query}"
        );
    }
    for query in ["", "!", "\u{200B}", &"a ".repeat(17), &"a".repeat(257)] {
        assert_eq!(talk.search(query), Err(Code::ParamsInvalid), "{query:?}");
    }
}
