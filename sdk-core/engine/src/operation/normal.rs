//! The normal forms of what an operation says (PROTOCOL.md §4.8): what is shown here at once is what the server will
//! tell. It refuses nothing: what breaks a rule stays as it is, for the operation's own check.

use fulmar_protocol::text;
use fulmar_protocol::{Method, ReactionAdd, ReactionRemove};

pub(crate) fn normalize(method: &mut Method) {
    match method {
        Method::ReactionAdd(ReactionAdd { emoji, .. })
        | Method::ReactionRemove(ReactionRemove { emoji, .. }) => {
            if let Ok(normal) = text::reaction(emoji) {
                *emoji = normal;
            }
        }
        Method::ConversationUpdate(update) => update.title = update.title.take().map(title),
        Method::ConversationCreate(_)
        | Method::ConversationLeave(_)
        | Method::MessageSend(_)
        | Method::MessageEdit(_)
        | Method::MessageDelete(_)
        | Method::MessageHide(_)
        | Method::MessagePin(_)
        | Method::ParticipantAdd(_)
        | Method::ParticipantRemove(_)
        | Method::ParticipantUpdate(_)
        | Method::ReceiptUpdate(_)
        | Method::SettingsUpdate(_) => {}
    }
}

/// The title of a group.
pub(crate) fn title(title: String) -> String {
    text::title(&title).unwrap_or(title)
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{ConversationId, ConversationUpdate};

    use super::*;

    #[test]
    fn a_title_is_kept_in_its_normal_form_and_refused_as_it_is() {
        for (given, kept) in [(" Rome \n Oslo", "Rome Oslo"), (" a\u{202E}", " a\u{202E}")] {
            let mut method = Method::ConversationUpdate(ConversationUpdate {
                conversation_id: ConversationId::new("c").unwrap(),
                title: Some(given.to_owned()),
                avatar_url: None,
                writing: None,
                context: None,
            });
            normalize(&mut method);
            let Method::ConversationUpdate(update) = method else {
                panic!("another method");
            };
            assert_eq!(update.title.as_deref(), Some(kept));
        }
    }
}
