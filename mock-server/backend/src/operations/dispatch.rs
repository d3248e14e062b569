//! Which room carries out an operation: one arm for each method. A new method does not compile until it
//! is here.

use fulmar_protocol::{
    Conversation, ConversationCreate, ConversationId, Message, MessageSend, Method, OperationKey,
    UserId,
};

use crate::access::{Membership, Writer};
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::rooms::Rooms;
use crate::route::News;
use crate::store::conversations;
use crate::tx::Tx;

/// What an outcome carries beside the word that it was applied.
#[derive(Default)]
pub(super) struct Applied {
    pub(super) message: Option<Box<Message>>,
    pub(super) conversation: Option<Box<Conversation>>,
}

/// What may be done wrong about who reacts.
const REACTING: [Defect; 3] = [
    Defect::MembersReact,
    Defect::BlockedReact,
    Defect::ReactsElsewhere,
];

pub(super) fn carry_out(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    actor: Actor<'_>,
    method: Method,
) -> Result<Applied> {
    let Rooms {
        conversations,
        messages,
        ..
    } = rooms;
    let user = actor.user;
    let news: Vec<News> = match method {
        Method::MessageSend(params) => return send(rooms, tx, actor, params),
        Method::ConversationCreate(params) => return create(rooms, tx, actor, &params),
        Method::MessageEdit(params) => {
            let about = (&params.conversation_id, params.message_key);
            let wrong = [
                Defect::MembersEdit,
                Defect::BlockedEdit,
                Defect::EditsElsewhere,
            ];
            let writer = writer_about(rooms, tx, user, about, wrong)?;
            all(messages.edit(tx, actor, &writer, &params)?)
        }
        Method::MessageDelete(params) => {
            let member = Membership::check(tx, &params.conversation_id, user)?;
            all(messages.delete(tx, actor, &member, &params)?)
        }
        Method::MessageHide(params) => {
            let member = Membership::check(tx, &params.conversation_id, user)?;
            all(messages.hide(tx, actor, &member, &params)?)
        }
        Method::MessagePin(params) => {
            let about = (&params.conversation_id, params.message_key);
            let wrong = [
                Defect::MembersPin,
                Defect::BlockedWrite,
                Defect::PinsElsewhere,
            ];
            let writer = writer_about(rooms, tx, user, about, wrong)?;
            all(messages.pin(tx, actor, &writer, &params)?)
        }
        Method::ReactionAdd(params) => {
            let about = (&params.conversation_id, params.message_key);
            let writer = writer_about(rooms, tx, user, about, REACTING)?;
            all(messages.add_reaction(tx, actor, &writer, &params)?)
        }
        Method::ReactionRemove(params) => {
            let about = (&params.conversation_id, params.message_key);
            let writer = writer_about(rooms, tx, user, about, REACTING)?;
            all(messages.remove_reaction(tx, actor, &writer, &params)?)
        }
        Method::ReceiptUpdate(params) => all(conversations.update_receipt(tx, actor, &params)?),
        Method::ConversationUpdate(params) => all(conversations.update(tx, actor, params)?),
        Method::ConversationLeave(params) => {
            all(conversations.leave(tx, actor, &params.conversation_id)?)
        }
        Method::ParticipantAdd(params) => all(conversations.add_participants(tx, actor, &params)?),
        Method::ParticipantRemove(params) => {
            all(conversations.remove_participant(tx, actor, &params)?)
        }
        Method::ParticipantUpdate(params) => {
            all(conversations.update_participant(tx, actor, &params)?)
        }
        Method::SettingsUpdate(params) => all(conversations.update_settings(tx, actor, &params)?),
    };
    rooms.pass_on(tx, news)?;
    Ok(Applied::default())
}

/// Somebody who may write, about a message that is there: that counts first (PROTOCOL.md §2.4). With the first of the
/// defects they only have to take part, with the second they may have blocked each other, and with the third the
/// message may be anywhere.
fn writer_about(
    rooms: &Rooms,
    tx: &Tx<'_>,
    user: &UserId,
    (id, key): (&ConversationId, OperationKey),
    [member, blocked, elsewhere]: [Defect; 3],
) -> Result<Writer> {
    let takes_part = Membership::check(tx, id, user)?;
    if !active(Defect::RightsFirst) {
        rooms
            .messages
            .check_there(tx, &takes_part, key, elsewhere)?;
    }
    Writer::of_unless(tx, takes_part, [member, blocked])
}

fn all(news: impl IntoIterator<Item = impl Into<News>>) -> Vec<News> {
    news.into_iter().map(Into::into).collect()
}

fn send(rooms: &Rooms, tx: &mut Tx<'_>, actor: Actor<'_>, params: MessageSend) -> Result<Applied> {
    let id = &params.conversation_id;
    let takes_part = Membership::check(tx, id, actor.user)?;
    let wrong = [Defect::MembersWrite, Defect::BlockedWrite];
    let writer = Writer::of_unless(tx, takes_part, wrong)?;
    // Not a refusal yet: a message that was sent before stays what it was.
    let checked = rooms
        .files
        .check_attachments(tx, actor.user, &params.attachments);
    let attachable = match checked {
        Ok(()) => Ok(()),
        Err(Error::Refused(problem)) => Err(problem),
        Err(internal @ Error::Internal(_)) => return Err(internal),
    };
    let sent = rooms
        .messages
        .send(tx, actor, &writer, params, attachable)?;
    let (message, news) = sent.into_news();
    rooms.pass_on(tx, news)?;
    Ok(Applied {
        message: Some(Box::new((*message).clone())),
        ..Applied::default()
    })
}

fn create(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    actor: Actor<'_>,
    params: &ConversationCreate,
) -> Result<Applied> {
    let (id, news) = rooms.conversations.create(tx, actor, params)?.into_news();
    rooms.pass_on(tx, news)?;
    let seen = conversations::view(tx.db(), &id, actor.user)?;
    Ok(Applied {
        conversation: Some(Box::new(seen)),
        ..Applied::default()
    })
}
