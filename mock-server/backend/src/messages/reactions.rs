//! `reaction.add` and `reaction.remove` (PROTOCOL.md §5.9).

use fulmar_protocol::text;
use fulmar_protocol::{Message, OperationKey, Reaction, ReactionAdd, ReactionRemove, UserId};

use super::{MessageNews, Messages};
use crate::access::Writer;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::messages;
use crate::tx::Tx;

/// The most different emoji under one message (PROTOCOL.md §9).
const MOST_EMOJI: usize = 50;
/// The most reactions of one person to one message (PROTOCOL.md §9).
const MOST_OF_ONE_PERSON: usize = 20;

impl Messages {
    pub(crate) fn add_reaction(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        writer: &Writer,
        params: &ReactionAdd,
    ) -> Result<Option<MessageNews>> {
        let id = writer.membership().conversation_id();
        let mut message = self.undeleted(tx, id, params.message_key, Defect::ReactsElsewhere)?;
        let emoji = normal(&params.emoji)?;
        if has(&message, &emoji, actor.user) {
            return Ok(None);
        }
        if message.content.notice.is_some() && active(Defect::NoReactionsToNotices) {
            return Err(Error::invalid("A notice takes no reactions"));
        }
        let of_user = message
            .reactions
            .iter()
            .filter(|reaction| reaction.user_ids.contains(actor.user))
            .count();
        if of_user >= MOST_OF_ONE_PERSON && !active(Defect::ManyReactions) {
            return Err(Error::invalid("Too many reactions of one person"));
        }
        let crowded = message.reactions.len() >= MOST_EMOJI && !active(Defect::ManyEmoji);
        match message
            .reactions
            .iter_mut()
            .find(|reaction| reaction.emoji == emoji)
        {
            Some(reaction) => reaction.user_ids.push(actor.user.clone()),
            None if crowded => {
                return Err(Error::invalid("Too many different reactions"));
            }
            None => message.reactions.push(Reaction {
                emoji,
                user_ids: vec![actor.user.clone()],
            }),
        }
        self.store(tx, message).map(MessageNews::Changed).map(Some)
    }

    pub(crate) fn remove_reaction(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        writer: &Writer,
        params: &ReactionRemove,
    ) -> Result<Option<MessageNews>> {
        let id = writer.membership().conversation_id();
        let mut message = self.undeleted(tx, id, params.message_key, Defect::ReactsElsewhere)?;
        let emoji = normal(&params.emoji)?;
        if !has(&message, &emoji, actor.user) || active(Defect::KeepsReactions) {
            return Ok(None);
        }
        take_back(&mut message, actor.user, |there| there == emoji);
        self.store(tx, message).map(MessageNews::Changed).map(Some)
    }

    /// Takes back what a user set under a message whose account is deleted.
    pub(crate) fn remove_reactions_of_leaver(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        key: OperationKey,
    ) -> Result<Option<MessageNews>> {
        let Some(mut message) = messages::find(tx.db(), key)? else {
            return Ok(None);
        };
        take_back(&mut message, user, |_| true);
        self.store(tx, message).map(MessageNews::Changed).map(Some)
    }
}

/// The form in which a reaction is stored and told (PROTOCOL.md §4.8).
fn normal(emoji: &str) -> Result<String> {
    let normal = text::reaction(emoji);
    if normal.is_ok() && active(Defect::ManySpellings) || active(Defect::AnyReaction) {
        return Ok(emoji.to_owned());
    }
    normal.map_err(|fault| Error::of_text("The reaction", fault))
}

fn has(message: &Message, emoji: &str, user: &UserId) -> bool {
    message
        .reactions
        .iter()
        .any(|reaction| reaction.emoji == emoji && reaction.user_ids.contains(user))
}

fn take_back(message: &mut Message, user: &UserId, which: impl Fn(&str) -> bool) {
    for reaction in &mut message.reactions {
        if which(&reaction.emoji) {
            reaction.user_ids.retain(|other| other != user);
        }
    }
    message
        .reactions
        .retain(|reaction| !reaction.user_ids.is_empty());
}
