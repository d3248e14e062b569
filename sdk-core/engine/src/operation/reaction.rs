//! `reaction.add` and `reaction.remove` (PROTOCOL.md §5.9).
//!
//! They go out in normal form. What is here may be in another: of an older version, or of a server that knows no
//! such form.

use fulmar_protocol::text;
use fulmar_protocol::{Method, OperationKey, Reaction, ReactionAdd, ReactionRemove, UserId};

use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::io::{CommandError, Field};
use crate::store::Result;

impl Operation for ReactionAdd {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        check(at, self.message_key, &self.emoji, true)
    }

    fn fold(&self, earlier: &Method) -> Fold {
        if let Method::ReactionRemove(remove) = earlier
            && same(&remove.emoji, &self.emoji)
        {
            Fold::Cancels
        } else {
            Fold::Beside
        }
    }

    fn overlay(&self, shown: &mut Shown<'_>, by: &By<'_>) {
        if let (Shown::Message(row), Some(user)) = (shown, by.user) {
            add(&mut row.reactions, &self.emoji, user);
        }
    }
}

impl Operation for ReactionRemove {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        check(at, self.message_key, &self.emoji, false)
    }

    fn fold(&self, earlier: &Method) -> Fold {
        if let Method::ReactionAdd(add) = earlier
            && same(&add.emoji, &self.emoji)
        {
            Fold::Cancels
        } else {
            Fold::Beside
        }
    }

    fn overlay(&self, shown: &mut Shown<'_>, by: &By<'_>) {
        if let (Shown::Message(row), Some(user)) = (shown, by.user) {
            remove(&mut row.reactions, &self.emoji, user);
        }
    }
}

/// Whether two spellings are one reaction (PROTOCOL.md §4.8).
fn same(one: &str, other: &str) -> bool {
    one == other
        || matches!((text::reaction(one), text::reaction(other)), (Ok(one), Ok(other)) if one == other)
}

fn check(at: &Situation<'_>, message: OperationKey, emoji: &str, wanted: bool) -> Result<Checked> {
    let shown = match at.live_message(message)? {
        Ok(shown) => shown,
        Err(refused) => return Ok(refused),
    };
    if let Err(fault) = text::reaction(emoji) {
        let error = CommandError::of_text(Field::Emoji, fault);
        return Ok(Checked::Refused(error));
    }
    let there = shown
        .reactions
        .iter()
        .any(|reaction| same(&reaction.emoji, emoji) && reaction.user_ids.contains(at.owner));
    if there == wanted {
        return Ok(Checked::Nothing);
    }
    at.may_write()
}

fn add(reactions: &mut Vec<Reaction>, emoji: &str, user: &UserId) {
    match reactions
        .iter_mut()
        .find(|reaction| same(&reaction.emoji, emoji))
    {
        Some(reaction) if reaction.user_ids.contains(user) => {}
        Some(reaction) => reaction.user_ids.push(user.clone()),
        None => reactions.push(Reaction {
            emoji: emoji.to_owned(),
            user_ids: vec![user.clone()],
        }),
    }
}

fn remove(reactions: &mut Vec<Reaction>, emoji: &str, user: &UserId) {
    for reaction in reactions.iter_mut() {
        if same(&reaction.emoji, emoji) {
            reaction.user_ids.retain(|there| there != user);
        }
    }
    reactions.retain(|reaction| !reaction.user_ids.is_empty());
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{ConversationId, OperationKey, UserId};

    use super::*;
    use crate::config::Config;
    use crate::outbox::{Acting, Outbox};
    use crate::store::{ConversationKey, operations};
    use crate::testing::Bench;

    const BARE: &str = "\u{2764}";
    const NORMAL: &str = "\u{2764}\u{FE0F}";

    fn message() -> OperationKey {
        OperationKey::from_bytes([1; 16])
    }

    /// A group with one message, under which somebody may have reacted.
    struct Group {
        bench: Bench,
        outbox: Outbox,
        config: Config,
        user: UserId,
        changes: u8,
    }

    impl Group {
        fn new(reactions: &str) -> Self {
            let mut bench = Bench::new();
            let filled = bench.run(|tx| {
                tx.db.execute_batch(
                    "INSERT INTO conversation (key, id, kind, created_at, activity_at)
                     VALUES (1, 'c-1', 'group', 1, 1)",
                )?;
                tx.db.execute(
                    "INSERT INTO message (operation_key, conversation, position, sender_id, text, at,
                                          reactions)
                     VALUES (?1, 1, 1, 'bob', 'hello', 1, ?2)",
                    rusqlite::params![message().to_bytes(), reactions],
                )
            });
            filled.result.unwrap();
            Self {
                bench,
                outbox: Outbox::default(),
                config: Config::default(),
                user: UserId::new("alice").unwrap(),
                changes: 1,
            }
        }

        fn does(&mut self, method: Method) -> std::result::Result<(), CommandError> {
            self.changes += 1;
            let key = OperationKey::from_bytes([self.changes; 16]);
            let acting = Acting {
                owner: &self.user,
                config: &self.config,
            };
            let outbox = &mut self.outbox;
            let step = self.bench.run(|tx| outbox.change(tx, key, method, acting));
            step.result.unwrap().map(|_| ())
        }

        fn add(&mut self, emoji: &str) -> std::result::Result<(), CommandError> {
            self.does(Method::ReactionAdd(ReactionAdd {
                conversation_id: ConversationId::new("c-1").unwrap(),
                message_key: message(),
                emoji: emoji.to_owned(),
            }))
        }

        fn remove(&mut self, emoji: &str) -> std::result::Result<(), CommandError> {
            self.does(Method::ReactionRemove(ReactionRemove {
                conversation_id: ConversationId::new("c-1").unwrap(),
                message_key: message(),
                emoji: emoji.to_owned(),
            }))
        }

        /// What waits to be sent.
        fn waiting(&mut self) -> Vec<(&'static str, String)> {
            let step = self
                .bench
                .run(|tx| operations::changes_of_lane(&tx.db, ConversationKey(1).lane()));
            let emoji = |method: &Method| match method {
                Method::ReactionAdd(add) => add.emoji.clone(),
                Method::ReactionRemove(remove) => remove.emoji.clone(),
                other => panic!("{other:?}"),
            };
            let rows = step.result.unwrap();
            rows.iter()
                .map(|row| (row.method.name(), emoji(&row.method)))
                .collect()
        }
    }

    #[test]
    fn a_heart_goes_out_in_normal_form_and_is_one_in_either_spelling() {
        let mut group = Group::new("[]");
        group.add(BARE).unwrap();
        assert_eq!(group.waiting(), [("reaction.add", NORMAL.to_owned())]);
        group.add(NORMAL).unwrap();
        assert_eq!(group.waiting().len(), 1);
        group.remove(BARE).unwrap();
        assert_eq!(group.waiting(), []);
    }

    #[test]
    fn what_is_here_in_another_spelling_is_taken_back() {
        let mut group = Group::new(r#"[{"emoji": "\u2764", "userIds": ["alice", "bob"]}]"#);
        group.add(NORMAL).unwrap();
        assert_eq!(group.waiting(), []);
        group.remove(NORMAL).unwrap();
        assert_eq!(group.waiting(), [("reaction.remove", NORMAL.to_owned())]);
        let shown = group.bench.run(|tx| {
            let row = crate::store::messages::find(&tx.db, message())?.unwrap();
            let acting_user = UserId::new("alice").unwrap();
            let limits = fulmar_protocol::Limits::default();
            let place = Situation {
                db: &tx.db,
                conversation: ConversationKey(1),
                owner: &acting_user,
                limits: &limits,
            };
            place.shown(row)
        });
        let [heart] = shown.result.unwrap().reactions.try_into().unwrap();
        assert_eq!(heart.user_ids, [UserId::new("bob").unwrap()]);
    }

    #[test]
    fn what_is_not_one_emoji_is_refused() {
        let mut group = Group::new("[]");
        for odd in ["", "/", "..", "ok", "\u{200B}", "👍👍"] {
            let rule = crate::io::FieldRule::NotAnEmoji;
            let field = Field::Emoji;
            assert_eq!(
                group.add(odd),
                Err(CommandError::Invalid { field, rule }),
                "{odd:?}"
            );
        }
        let rule = crate::io::FieldRule::TooLong { most_bytes: 64 };
        let field = Field::Emoji;
        assert_eq!(
            group.remove(&"x".repeat(65)),
            Err(CommandError::Invalid { field, rule })
        );
    }
}
