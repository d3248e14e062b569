//! `conversation.create`, and the direct conversation that a message to a person begins (PROTOCOL.md
//! §5.4, §5.10).

use std::collections::BTreeSet;

use fulmar_protocol::{
    ConversationCreate, ConversationId, ConversationKind, ConversationProfile, OperationKey, Role,
    UserId, Writing,
};

use super::update::{check_looks, title_of};
use super::{ConversationNews, Conversations, MOST_PARTICIPANTS};
use crate::access::check_reachable;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::conversations::{self, write};
use crate::store::participants::write::insert_first;
use crate::store::users;
use crate::tx::Tx;

/// The conversation that was asked for.
#[derive(Debug)]
pub(crate) enum Created {
    New(ConversationId),
    /// The two people have a direct conversation already.
    Existing(ConversationId),
}

impl Created {
    /// Its id, and the news of it if it is new.
    pub(crate) fn into_news(self) -> (ConversationId, Option<ConversationNews>) {
        match self {
            Self::New(id) => (id.clone(), Some(ConversationNews::Created(id))),
            Self::Existing(id) => (id, None),
        }
    }
}

/// A conversation that begins, with its people.
struct NewConversation {
    kind: ConversationKind,
    key: Option<OperationKey>,
    /// The two people of a direct conversation, as one name.
    pair: Option<String>,
    profile: ConversationProfile,
    participants: Vec<UserId>,
}

impl NewConversation {
    /// A group of which somebody is the only one.
    fn of_one(actor: Actor<'_>) -> Self {
        Self {
            kind: ConversationKind::Group,
            key: Some(actor.key),
            pair: None,
            profile: ConversationProfile::default(),
            participants: vec![actor.user.clone()],
        }
    }
}

impl Conversations {
    pub(crate) fn create(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: &ConversationCreate,
    ) -> Result<Created> {
        let user = actor.user;
        let others: BTreeSet<&UserId> = params
            .participant_ids
            .iter()
            .filter(|other| *other != user)
            .collect();
        if others.len() >= MOST_PARTICIPANTS {
            return Err(Error::invalid("Too many participants"));
        }
        let direct = params.kind == ConversationKind::Direct;
        let only = others.first().filter(|_| direct && others.len() == 1);
        let only_pair = only.map(|other| pair(user, other));
        let existing = match &only_pair {
            Some(pair) => conversations::find_pair(tx.db(), pair)?,
            None => None,
        };
        for other in &others {
            if users::find(tx.db(), other)?.is_none() {
                if active(Defect::BeginsRefused) {
                    insert(tx, NewConversation::of_one(actor))?;
                }
                if active(Defect::NobodyIsInvalid) {
                    return Err(Error::invalid("There is no such user"));
                }
                return Err(Error::no_such_user());
            }
            // Before the values, or these would tell a user who has blocked this one from nobody.
            if existing.is_none() {
                check_reachable(tx, user, other)?;
            }
        }
        let mut profile = ConversationProfile {
            title: params.title.as_deref().map(title_of_new).transpose()?,
            avatar_url: params.avatar_url.clone().filter(|url| !url.is_empty()),
            writing: Writing::Everyone,
            context: params.context.clone(),
        };
        check_looks(params.avatar_url.as_deref(), params.context.as_ref())?;
        let pair = match params.kind {
            ConversationKind::Direct => {
                let only_pair = only_pair.ok_or_else(not_a_pair)?;
                // The two people give it its name and its picture.
                profile.title = None;
                profile.avatar_url = None;
                Some(only_pair)
            }
            ConversationKind::Group if profile.title.is_none() && !active(Defect::AnyTitle) => {
                return Err(Error::invalid("A group has a title"));
            }
            ConversationKind::Group => None,
            ConversationKind::Unknown if active(Defect::KindsAreGroups) => None,
            ConversationKind::Unknown => return Err(Error::invalid("There is no such kind")),
        };
        let pair = pair.filter(|_| !active(Defect::ManyPerPair));
        if let Some(existing) = existing.filter(|_| !active(Defect::ManyPerPair)) {
            return Ok(Created::Existing(existing));
        }
        let mut participants = vec![user.clone()];
        participants.extend(others.into_iter().cloned());
        insert(
            tx,
            NewConversation {
                kind: params.kind,
                key: Some(actor.key),
                pair,
                profile,
                participants,
            },
        )
    }

    /// The direct conversation of two people, which begins if there is none.
    pub(crate) fn direct_with(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        other: &UserId,
    ) -> Result<Created> {
        if user == other && !active(Defect::SendsToOneself) {
            return Err(not_a_pair());
        }
        let pair = pair(user, other);
        if let Some(existing) = conversations::find_pair(tx.db(), &pair)? {
            return Ok(Created::Existing(existing));
        }
        check_reachable(tx, user, other)?;
        insert(
            tx,
            NewConversation {
                kind: ConversationKind::Direct,
                key: None,
                pair: Some(pair).filter(|_| !active(Defect::BeginsUnpaired)),
                profile: ConversationProfile::default(),
                participants: vec![user.clone(), other.clone()],
            },
        )
    }
}

fn title_of_new(wanted: &str) -> Result<String> {
    if active(Defect::TitlesOfNew) {
        return Ok(wanted.to_owned());
    }
    title_of(wanted)
}

fn insert(tx: &mut Tx<'_>, new: NewConversation) -> Result<Created> {
    let id = ConversationId::new(tx.entropy().id("c-"))?;
    write::insert(
        tx.db(),
        &write::NewConversation {
            id: &id,
            operation_key: new.key,
            kind: new.kind,
            profile: &new.profile,
            pair: new.pair.as_deref(),
            now: tx.now(),
        },
    )?;
    for (joined, user) in new.participants.iter().enumerate() {
        insert_first(tx.db(), &id, user, joined, first_role(new.kind, joined))?;
    }
    Ok(Created::New(id))
}

/// The first of a group is the one who makes it.
fn first_role(kind: ConversationKind, joined: usize) -> Role {
    match kind {
        ConversationKind::Group if joined == 0 => Role::Admin,
        ConversationKind::Group | ConversationKind::Direct | ConversationKind::Unknown => {
            Role::Member
        }
    }
}

fn not_a_pair() -> Error {
    Error::invalid("A direct conversation is with one other person")
}

/// One name for two people, in whatever order. Ids have no control characters.
fn pair(one: &UserId, other: &UserId) -> String {
    let (low, high) = if one < other {
        (one, other)
    } else {
        (other, one)
    };
    format!("{low}\u{1}{high}")
}
