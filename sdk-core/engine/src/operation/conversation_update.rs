//! `conversation.update` (PROTOCOL.md §5.10): what everyone sees of a conversation.

use fulmar_protocol::text::{self, check_avatar_url, check_context};
use fulmar_protocol::{Context, ConversationUpdate, Method, Role};

use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::io::{CommandError, Field, Rule};
use crate::store::Result;

impl Operation for ConversationUpdate {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        let (title, url) = (self.title.as_deref(), self.avatar_url.as_deref());
        if let Err(error) = check_looks(title, url, self.context.as_ref()) {
            return Ok(Checked::Refused(error));
        }
        let looks = self.title.is_some() || self.avatar_url.is_some();
        let allowed = match (at.is_group()?, at.role()?) {
            (false, Role::Admin | Role::Moderator | Role::Member) => {
                !looks && self.writing.is_none()
            }
            (true, Role::Admin) => true,
            (true, Role::Moderator) => self.writing.is_none() && self.context.is_none(),
            (true, Role::Member) => false,
        };
        Ok(Checked::allowed_if(allowed, Rule::RoleMissing))
    }

    /// The later one counts where both say something.
    fn fold(&self, earlier: &Method) -> Fold {
        let Method::ConversationUpdate(earlier) = earlier else {
            return Fold::Beside;
        };
        let later = self.clone();
        let earlier = earlier.clone();
        Fold::becomes(Method::ConversationUpdate(Self {
            conversation_id: earlier.conversation_id,
            title: later.title.or(earlier.title),
            avatar_url: later.avatar_url.or(earlier.avatar_url),
            writing: later.writing.or(earlier.writing),
            context: later.context.or(earlier.context),
        }))
    }

    fn folds_with(&self) -> &'static [&'static str] {
        &["conversation.update"]
    }

    fn overlay(&self, shown: &mut Shown<'_>, _: &By<'_>) {
        let Shown::Profile(profile) = shown else {
            return;
        };
        if let Some(title) = &self.title {
            profile.title = Some(title.clone());
        }
        if let Some(url) = &self.avatar_url {
            profile.avatar_url = (!url.is_empty()).then(|| url.clone());
        }
        profile.writing = self.writing.unwrap_or(profile.writing);
        if let Some(context) = &self.context {
            profile.context = Some(context.clone());
        }
    }
}

/// What everyone sees of a conversation.
pub(super) fn check_looks(
    title: Option<&str>,
    avatar_url: Option<&str>,
    context: Option<&Context>,
) -> std::result::Result<(), CommandError> {
    if let Some(title) = title {
        text::title(title).map_err(|fault| CommandError::of_text(Field::Title, fault))?;
    }
    if let Some(url) = avatar_url {
        check_avatar_url(url).map_err(|fault| CommandError::of_text(Field::AvatarUrl, fault))?;
    }
    if let Some(context) = context {
        check_context(context).map_err(|fault| CommandError::of_text(Field::Context, fault))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::FieldRule;

    #[test]
    fn title_picture_and_context_keep_the_rules_of_texts() {
        let long = "x".repeat(2_049);
        let invalid = |field, rule| Err(CommandError::Invalid { field, rule });
        let too_long = |most_bytes| FieldRule::TooLong { most_bytes };
        for blank in ["", " ", "\u{200B}\u{FE0F}"] {
            let found = check_looks(Some(blank), None, None);
            assert_eq!(found, invalid(Field::Title, FieldRule::Blank), "{blank:?}");
        }
        for (title, url, expected) in [
            (
                Some(&long[..201]),
                None,
                invalid(Field::Title, too_long(200)),
            ),
            (
                None,
                Some(&long[..]),
                invalid(Field::AvatarUrl, too_long(2_048)),
            ),
            (Some("Rome"), Some(""), Ok(())),
        ] {
            assert_eq!(check_looks(title, url, None), expected);
        }
        let about = |id: &str, title: &str| {
            let context = Context {
                kind: "order".to_owned(),
                id: id.to_owned(),
                title: title.to_owned(),
                extra: serde_json::Value::Null,
            };
            check_looks(None, None, Some(&context))
        };
        let field = Field::Context;
        assert_eq!(about("7", "\u{2800}"), invalid(field, FieldRule::Blank));
        assert_eq!(about("", "Bicycle"), invalid(field, FieldRule::Blank));
        assert_eq!(
            about(&long[..129], "Bicycle"),
            invalid(field, too_long(128))
        );
        assert_eq!(about("7", "Bicycle"), Ok(()));
    }
}
