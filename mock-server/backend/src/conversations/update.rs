//! `conversation.update`: what everyone sees of a conversation (PROTOCOL.md §5.6).

use fulmar_protocol::text::{self, TextFault, check_avatar_url, check_context};
use fulmar_protocol::{Context, ConversationUpdate, ConversationUpdated, Notice};

use super::{ConversationNews, Conversations, noticed};
use crate::access::{Change, Membership, check_change};
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::conversations::{self, write};
use crate::tx::Tx;

impl Conversations {
    pub(crate) fn update(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: ConversationUpdate,
    ) -> Result<Vec<ConversationNews>> {
        let id = params.conversation_id;
        let member = Membership::check(tx, &id, actor.user)?;
        let change = Change {
            title_or_picture: params.title.is_some() || params.avatar_url.is_some(),
            writing: params.writing.is_some(),
            context: params.context.is_some(),
        };
        check_change(tx, &member, change)?;
        let before = conversations::profile(tx.db(), &id)?;
        let mut profile = before.clone();
        if active(Defect::UpdateForgets) {
            profile.avatar_url = None;
            profile.context = None;
        }
        if let Some(title) = params.title {
            profile.title = Some(title_of(&title)?);
        }
        check_looks(params.avatar_url.as_deref(), params.context.as_ref())?;
        let same_picture = |url: &String| url.is_empty() && active(Defect::KeepsPicture);
        if let Some(url) = params.avatar_url.filter(|url| !same_picture(url)) {
            profile.avatar_url = (!url.is_empty()).then_some(url);
        }
        profile.writing = params.writing.unwrap_or(profile.writing);
        profile.context = params.context.or(profile.context);
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

/// The form in which a title is stored and told (PROTOCOL.md §4.8).
pub(super) fn title_of(wanted: &str) -> Result<String> {
    let normal = text::title(wanted);
    let defect = if normal == Err(TextFault::Misleading) {
        Defect::MisleadingTitles
    } else if normal.is_err() {
        Defect::AnyTitle
    } else {
        Defect::TitlesAsTheyCome
    };
    if active(defect) {
        return Ok(wanted.to_owned());
    }
    normal.map_err(|fault| Error::of_text("The title", fault))
}

/// The bounds of a picture and of a context.
pub(super) fn check_looks(avatar_url: Option<&str>, context: Option<&Context>) -> Result<()> {
    if let Some(url) = avatar_url
        && !active(Defect::AnyPicture)
    {
        check_avatar_url(url)
            .map_err(|fault| Error::of_text("The address of the picture", fault))?;
    }
    if let Some(context) = context
        && !active(Defect::AnyContext)
    {
        check_context(context).map_err(|fault| Error::of_text("The context", fault))?;
    }
    Ok(())
}
