//! Reactions (PROTOCOL.md §5.9).

use fulmar_protocol::{Message, Reaction, ReactionAdd, ReactionRemove, UserId};

use crate::actor::Actor;
use crate::{Error, Result, Scope};

/// The longest emoji, in bytes: families with skin tones are long (PROTOCOL.md §9).
const EMOJI_BYTES: usize = 64;
/// The most different emoji under one message (PROTOCOL.md §9).
const MOST_EMOJI: usize = 50;
/// The most reactions of one person to one message (PROTOCOL.md §9).
const MOST_OF_ONE_PERSON: usize = 20;

impl Scope<'_, '_> {
    pub(super) fn reaction_add(&mut self, by: Actor<'_>, params: &ReactionAdd) -> Result<()> {
        let id = &params.conversation_id;
        self.must_be_allowed_to_write(id, by.user)?;
        let emoji = params.emoji.as_str();
        let odd = |c: char| c.is_control() || c.is_whitespace();
        if emoji.is_empty() || emoji.len() > EMOJI_BYTES || emoji.contains(odd) {
            return Err(Error::invalid("That is no emoji"));
        }
        let mut message = self.message_of(id, params.message_key)?;
        if has(&message, emoji, by.user) {
            return Ok(());
        }
        let of_user = message
            .reactions
            .iter()
            .filter(|reaction| reaction.user_ids.contains(by.user))
            .count();
        if of_user >= MOST_OF_ONE_PERSON {
            return Err(Error::invalid("Too many reactions of one person"));
        }
        let crowded = message.reactions.len() >= MOST_EMOJI;
        match message
            .reactions
            .iter_mut()
            .find(|reaction| reaction.emoji == emoji)
        {
            Some(reaction) => reaction.user_ids.push(by.user.clone()),
            None if crowded => {
                return Err(Error::invalid("Too many different reactions"));
            }
            None => message.reactions.push(Reaction {
                emoji: emoji.to_owned(),
                user_ids: vec![by.user.clone()],
            }),
        }
        self.change(message)
    }

    pub(super) fn reaction_remove(&mut self, by: Actor<'_>, params: &ReactionRemove) -> Result<()> {
        let id = &params.conversation_id;
        self.must_be_allowed_to_write(id, by.user)?;
        let mut message = self.message_of(id, params.message_key)?;
        if !has(&message, &params.emoji, by.user) {
            return Ok(());
        }
        for reaction in &mut message.reactions {
            if reaction.emoji == params.emoji {
                reaction.user_ids.retain(|user| user != by.user);
            }
        }
        message
            .reactions
            .retain(|reaction| !reaction.user_ids.is_empty());
        self.change(message)
    }
}

fn has(message: &Message, emoji: &str, user: &UserId) -> bool {
    message
        .reactions
        .iter()
        .any(|reaction| reaction.emoji == emoji && reaction.user_ids.contains(user))
}
