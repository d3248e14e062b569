//! Beginning a conversation and changing what everyone sees of it (PROTOCOL.md §5.6, §5.10).

use std::collections::BTreeSet;

use fulmar_protocol::{
    Code, Context, ConversationCreate, ConversationId, ConversationKind, ConversationProfile,
    ConversationUpdate, ConversationUpdated, EventData, Notice, OperationKey, Role, UserId,
    Writing,
};

use crate::actor::Actor;
use crate::store::{blocks, conversations, participants, users};
use crate::{Error, Result, Scope};

/// The longest title, in bytes (PROTOCOL.md §9).
const TITLE_BYTES: usize = 200;
/// The longest address of a picture, in bytes (PROTOCOL.md §9).
const URL_BYTES: usize = 2_048;
/// The longest kind and id of a context, in bytes (PROTOCOL.md §9).
const CONTEXT_ID_BYTES: usize = 128;
/// The most bytes of `extra` in a context (PROTOCOL.md §9).
const EXTRA_BYTES: usize = 4_096;
/// The most people in a conversation (PROTOCOL.md §9).
pub(super) const MOST_PARTICIPANTS: usize = 1_000;

impl Scope<'_, '_> {
    pub(super) fn conversation_create(
        &mut self,
        by: Actor<'_>,
        params: &ConversationCreate,
    ) -> Result<ConversationId> {
        let user = by.user;
        let others: BTreeSet<&UserId> = params
            .participant_ids
            .iter()
            .filter(|other| *other != user)
            .collect();
        if others.len() >= MOST_PARTICIPANTS {
            return Err(Error::invalid("Too many participants"));
        }
        for other in &others {
            if users::find(self.tx.db(), other)?.is_none() {
                return Err(Error::no_such_user());
            }
        }
        let mut profile = ConversationProfile {
            title: params.title.clone(),
            avatar_url: params.avatar_url.clone(),
            writing: Writing::Everyone,
            context: params.context.clone(),
        };
        check_profile(&profile)?;
        let pair = match (params.kind, others.first()) {
            (ConversationKind::Direct, Some(other)) if others.len() == 1 => {
                // The two people give it its name and its picture.
                profile.title = None;
                profile.avatar_url = None;
                Some(pair(user, other))
            }
            (ConversationKind::Direct, _) => {
                return Err(Error::invalid(
                    "A direct conversation is with one other person",
                ));
            }
            (ConversationKind::Group, _) if profile.title.is_none() => {
                return Err(Error::invalid("A group has a title"));
            }
            (ConversationKind::Group, _) => None,
            (ConversationKind::Unknown, _) => return Err(Error::invalid("There is no such kind")),
        };
        if let Some(pair) = &pair
            && let Some(existing) = conversations::find_pair(self.tx.db(), pair)?
        {
            return Ok(existing);
        }
        for other in &others {
            self.must_be_reachable(user, other)?;
        }
        let mut participants = vec![user.clone()];
        participants.extend(others.into_iter().cloned());
        let new = Begun {
            kind: params.kind,
            key: Some(by.key),
            pair,
            profile,
            participants,
        };
        self.begin(new)
    }

    /// The direct conversation of two people, which begins if there is none.
    pub(super) fn direct_with(&mut self, user: &UserId, other: &UserId) -> Result<ConversationId> {
        if user == other {
            return Err(Error::invalid(
                "A direct conversation is with one other person",
            ));
        }
        let pair = pair(user, other);
        if let Some(existing) = conversations::find_pair(self.tx.db(), &pair)? {
            return Ok(existing);
        }
        self.must_be_reachable(user, other)?;
        self.begin(Begun {
            kind: ConversationKind::Direct,
            key: None,
            pair: Some(pair),
            profile: ConversationProfile::default(),
            participants: vec![user.clone(), other.clone()],
        })
    }

    fn begin(&mut self, new: Begun) -> Result<ConversationId> {
        let id = ConversationId::new(self.tx.entropy().id("c-"))?;
        conversations::write::insert(
            self.tx.db(),
            &conversations::write::NewConversation {
                id: &id,
                operation_key: new.key,
                kind: new.kind,
                profile: &new.profile,
                pair: new.pair.as_deref(),
                now: self.tx.now(),
            },
        )?;
        for (joined, user) in new.participants.iter().enumerate() {
            let role = match new.kind {
                // The first is who makes it.
                ConversationKind::Group if joined == 0 => Role::Admin,
                _ => Role::Member,
            };
            participants::write::insert_first(self.tx.db(), &id, user, joined, role)?;
        }
        self.tell_participants(&id, |scope, viewer| {
            conversations::view(scope.tx.db(), &id, viewer).map(EventData::ConversationCreated)
        })?;
        self.tx.pending.notify_introduced.extend(new.participants);
        Ok(id)
    }

    pub(super) fn conversation_update(
        &mut self,
        by: Actor<'_>,
        params: ConversationUpdate,
    ) -> Result<()> {
        let id = params.conversation_id;
        let role = self.role(&id, by.user)?;
        let direct = conversations::kind(self.tx.db(), &id)? == ConversationKind::Direct;
        let looks = params.title.is_some() || params.avatar_url.is_some();
        // Both people of a direct conversation say what it is about; the rest is given.
        let allowed = match direct {
            true => !looks && params.writing.is_none(),
            false => {
                role == Role::Admin
                    || (role == Role::Moderator
                        && params.writing.is_none()
                        && params.context.is_none())
            }
        };
        if !allowed {
            return Err(forbidden());
        }
        let before = conversations::profile(self.tx.db(), &id)?;
        let mut profile = before.clone();
        if let Some(title) = params.title {
            profile.title = Some(title);
        }
        if let Some(url) = params.avatar_url {
            profile.avatar_url = (!url.is_empty()).then_some(url);
        }
        profile.writing = params.writing.unwrap_or(profile.writing);
        profile.context = params.context.or(profile.context);
        check_profile(&profile)?;
        if profile == before {
            return Ok(());
        }
        conversations::write::set_profile(self.tx.db(), &id, &profile)?;
        let renamed = (profile.title != before.title)
            .then(|| profile.title.clone())
            .flatten();
        let updated = ConversationUpdated {
            conversation_id: id.clone(),
            profile,
        };
        self.tell_participants(&id, |_, _| {
            Ok(EventData::ConversationUpdated(updated.clone()))
        })?;
        match renamed {
            Some(title) => {
                let name = users::name(self.tx.db(), by.user)?;
                let text = format!("{name} changed the title to {title}");
                self.write_notice(by, &id, Notice::TitleChanged { title }, text)
            }
            None => Ok(()),
        }
    }

    /// Refuses to bring people together of whom one has blocked the other; in the same words as for
    /// somebody who does not exist.
    pub(crate) fn must_be_reachable(&self, user: &UserId, other: &UserId) -> Result<()> {
        if users::find(self.tx.db(), other)?.is_none()
            || blocks::between(self.tx.db(), user, other)?
        {
            Err(Error::no_such_user())
        } else {
            Ok(())
        }
    }

    /// The role of somebody who takes part; the others are told that there is no such conversation.
    pub(super) fn role(&self, id: &ConversationId, user: &UserId) -> Result<Role> {
        self.must_take_part(id, user)?;
        participants::role(self.tx.db(), id, user)
    }

    pub(crate) fn must_be_allowed_to_write(
        &self,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<()> {
        let role = self.role(id, user)?;
        if conversations::kind(self.tx.db(), id)? == ConversationKind::Direct {
            let people = participants::ids(self.tx.db(), id)?;
            let Some(other) = people.iter().find(|other| *other != user) else {
                // The other one is gone for good.
                return Err(forbidden());
            };
            if blocks::between(self.tx.db(), user, other)? {
                return Err(forbidden());
            }
        }
        match conversations::profile(self.tx.db(), id)?.writing {
            Writing::Everyone => Ok(()),
            Writing::Admins if role == Role::Admin => Ok(()),
            Writing::Admins => Err(forbidden()),
        }
    }
}

/// A conversation that begins.
struct Begun {
    kind: ConversationKind,
    key: Option<OperationKey>,
    /// The two people of a direct conversation, as one name.
    pair: Option<String>,
    profile: ConversationProfile,
    participants: Vec<UserId>,
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

pub(super) fn forbidden() -> Error {
    Error::refused(
        Code::ConversationForbidden,
        "This user may not do this in this conversation",
    )
}

fn check_profile(profile: &ConversationProfile) -> Result<()> {
    let ConversationProfile {
        title,
        avatar_url,
        context,
        writing: _,
    } = profile;
    if title
        .as_deref()
        .is_some_and(|title| title.trim().is_empty() || title.len() > TITLE_BYTES)
    {
        return Err(Error::invalid("The title is blank or too long"));
    }
    if avatar_url
        .as_deref()
        .is_some_and(|url| url.len() > URL_BYTES)
    {
        return Err(Error::invalid("The address of the picture is too long"));
    }
    let Some(Context {
        kind,
        id,
        title,
        extra,
    }) = context
    else {
        return Ok(());
    };
    let fits = (1..=CONTEXT_ID_BYTES).contains(&kind.len())
        && (1..=CONTEXT_ID_BYTES).contains(&id.len())
        && title.len() <= TITLE_BYTES
        && extra.to_string().len() <= EXTRA_BYTES;
    match fits {
        true => Ok(()),
        false => Err(Error::invalid("The context is too large, or names nothing")),
    }
}
