//! Beginning a conversation, also without the network.

use fulmar_protocol::{
    ConversationCreate, ConversationKind, ConversationProfile, Method, OperationKey, Participant,
    Role, UserId,
};

use super::{Answered, check_title, invalid};
use crate::effect::Reply;
use crate::input::NewConversation;
use crate::pending;
use crate::store::{Result, conversations, operations};
use crate::turn::Turn;

impl Turn<'_> {
    pub(crate) fn create(
        &mut self,
        operation_key: OperationKey,
        conversation: &NewConversation,
    ) -> Result<Answered> {
        let owner = match self.owner() {
            Ok(owner) => owner,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(key) = conversations::find(&self.db, &operation_key.into())? {
            let id = conversations::public_id(&self.db, key)?;
            return Ok(Ok(Reply::Conversation { id }));
        }
        let (kind, title, others) = match conversation {
            NewConversation::Direct { with } => (ConversationKind::Direct, None, vec![with]),
            NewConversation::Group {
                title,
                participants,
                ..
            } => (
                ConversationKind::Group,
                Some(title.as_str()),
                participants.iter().collect(),
            ),
        };
        if kind == ConversationKind::Direct && others.contains(&&owner) {
            return Ok(Err(invalid(
                "a direct conversation",
                "is with somebody else".to_owned(),
            )));
        }
        if let Some(Err(error)) = title.map(check_title) {
            return Ok(Err(error));
        }
        if let NewConversation::Direct { with } = conversation
            && let Some(key) = conversations::find_direct(&self.db, with)?
        {
            let id = conversations::public_id(&self.db, key)?;
            return Ok(Ok(Reply::Conversation { id }));
        }
        if let Err(full) = self.room_in_outbox()? {
            return Ok(Err(full));
        }
        let participant_ids: Vec<UserId> = others.into_iter().cloned().collect();
        let mut everyone: Vec<Participant> = participant_ids
            .iter()
            .cloned()
            .map(pending::newcomer)
            .collect();
        everyone.push(Participant {
            role: match kind {
                ConversationKind::Group => Role::Admin,
                _ => Role::Member,
            },
            ..pending::newcomer(owner)
        });
        let (avatar_url, context) = match conversation {
            NewConversation::Direct { .. } => (None, None),
            NewConversation::Group {
                avatar_url,
                context,
                ..
            } => (avatar_url.clone(), context.clone()),
        };
        let profile = ConversationProfile {
            title: title.map(str::to_owned),
            avatar_url,
            context,
            ..ConversationProfile::default()
        };
        let lane = conversations::insert_draft(
            &self.db,
            &conversations::Draft {
                operation_key,
                kind,
                profile: &profile,
                participants: &everyone,
                now: self.now.wall,
            },
        )?;
        let method = Method::ConversationCreate(ConversationCreate {
            kind,
            title: profile.title,
            avatar_url: profile.avatar_url,
            context: profile.context,
            participant_ids,
        });
        operations::enqueue(&self.db, operation_key, lane, &method, self.now.wall)?;
        self.touch(lane);
        Ok(Ok(Reply::Conversation {
            id: operation_key.into(),
        }))
    }
}
