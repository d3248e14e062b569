//! Creating a conversation, also without the network.

use fulmar_protocol::{
    ConversationCreate, ConversationKind, ConversationProfile, Method, OperationKey, Participant,
    Role, UserId,
};

use super::{Acting, Outbox, wrong_state};
use crate::io::{CommandResult, NewConversation, Reply};
use crate::operation::{self, Checked, newcomer, normal_title};
use crate::store::operations::NewOperation;
use crate::store::{ConversationKey, Result, conversations, operations};
use crate::tx::Tx;

impl Outbox {
    /// Creates a conversation here; the server creates it when it hears of it.
    pub(crate) fn create(
        &mut self,
        tx: &mut Tx<'_>,
        operation_key: OperationKey,
        wanted: NewConversation,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        if let Some(key) = conversations::find(&tx.db, &operation_key.into())? {
            return known(tx, key);
        }
        if let Some(row) = operations::find(&tx.db, operation_key)? {
            return Ok(Err(wrong_state(&row)));
        }
        let existing = match &wanted {
            NewConversation::Direct { with } => conversations::find_direct(&tx.db, with)?,
            NewConversation::Group { .. } => None,
        };
        let create = params(wanted);
        let method = Method::ConversationCreate(create.clone());
        // There is no lane yet; a creation is checked by itself.
        let place = self.place(tx, ConversationKey(0), acting);
        if let Checked::Refused(error) = operation::of(&method).check(&place)? {
            return Ok(Err(error));
        }
        if let Some(key) = existing {
            return known(tx, key);
        }
        if let Err(full) = self.room(tx, acting.config)? {
            return Ok(Err(full));
        }
        let conversation = insert(tx, operation_key, &create, acting.owner)?;
        operations::enqueue(
            &tx.db,
            &NewOperation {
                operation_key,
                lane: conversation.lane(),
                method: &method,
                holds_lane: operation::of(&method).holds_lane(),
                now: tx.now.wall,
            },
        )?;
        tx.touch(conversation);
        let id = operation_key.into();
        Ok(Ok(Reply::Conversation { id }))
    }
}

fn known(tx: &Tx<'_>, key: ConversationKey) -> Result<CommandResult> {
    let id = conversations::public_id(&tx.db, key)?;
    Ok(Ok(Reply::Conversation { id }))
}

fn params(wanted: NewConversation) -> ConversationCreate {
    match wanted {
        NewConversation::Direct { with } => ConversationCreate {
            kind: ConversationKind::Direct,
            title: None,
            avatar_url: None,
            context: None,
            participant_ids: vec![with],
        },
        NewConversation::Group {
            title,
            participants,
            avatar_url,
            context,
        } => ConversationCreate {
            kind: ConversationKind::Group,
            title: Some(normal_title(title)),
            avatar_url,
            context,
            participant_ids: participants,
        },
    }
}

fn insert(
    tx: &Tx<'_>,
    operation_key: OperationKey,
    create: &ConversationCreate,
    owner: &UserId,
) -> Result<ConversationKey> {
    let role = match create.kind {
        ConversationKind::Group => Role::Admin,
        ConversationKind::Direct | ConversationKind::Unknown => Role::Member,
    };
    let others = create.participant_ids.iter().cloned().map(newcomer);
    let mut everyone: Vec<Participant> = others.collect();
    everyone.push(Participant {
        role,
        ..newcomer(owner.clone())
    });
    let profile = ConversationProfile {
        title: create.title.clone(),
        avatar_url: create.avatar_url.clone(),
        context: create.context.clone(),
        ..ConversationProfile::default()
    };
    conversations::insert_local(
        &tx.db,
        &conversations::LocalConversation {
            operation_key,
            kind: create.kind,
            profile: &profile,
            participants: &everyone,
            now: tx.now.wall,
        },
    )
}
