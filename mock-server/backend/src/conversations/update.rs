//! `conversation.update`: what everyone sees of a conversation (PROTOCOL.md §5.6).

use fulmar_protocol::{
    Context, ConversationProfile, ConversationUpdate, ConversationUpdated, Notice,
};

use super::access::allow;
use super::permissions::{Change, may_update};
use super::{ConversationNews, Conversations, TITLE_BYTES, noticed};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::store::conversations::{self, write};
use crate::tx::Tx;

/// The longest address of a picture, in bytes (PROTOCOL.md §9).
const URL_BYTES: usize = 2_048;
/// The longest kind and id of a context, in bytes (PROTOCOL.md §9).
const CONTEXT_ID_BYTES: usize = 128;
/// The most bytes of `extra` in a context (PROTOCOL.md §9).
const EXTRA_BYTES: usize = 4_096;

impl Conversations {
    pub(crate) fn update(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: ConversationUpdate,
    ) -> Result<Vec<ConversationNews>> {
        let id = params.conversation_id;
        let role = self.check_member(tx, &id, actor.user)?.role();
        let change = Change {
            title_or_picture: params.title.is_some() || params.avatar_url.is_some(),
            writing: params.writing.is_some(),
            context: params.context.is_some(),
        };
        allow(may_update(conversations::kind(tx.db(), &id)?, role, change))?;
        let before = conversations::profile(tx.db(), &id)?;
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
            return Ok(Vec::new());
        }
        write::set_profile(tx.db(), &id, &profile)?;
        let renamed = (profile.title != before.title)
            .then(|| profile.title.clone())
            .flatten();
        let mut news = vec![ConversationNews::Updated(ConversationUpdated {
            conversation_id: id.clone(),
            profile,
        })];
        if let Some(title) = renamed {
            let text = format!("changed the title to {title}");
            let notice = Notice::TitleChanged { title };
            news.push(noticed(tx, actor, &id, notice, &text)?);
        }
        Ok(news)
    }
}

pub(super) fn check_profile(profile: &ConversationProfile) -> Result<()> {
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
    if fits {
        Ok(())
    } else {
        Err(Error::invalid("The context is too large, or names nothing"))
    }
}
