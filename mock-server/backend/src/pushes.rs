//! Push notifications for whoever has no live connection (PROTOCOL.md §7.8): recorded, and handed to
//! whoever carries them, several times if need be.

use std::rc::Rc;
use std::time::Duration;

use fulmar_protocol::{Code, ConversationKind, Message, PushPayload, PushToken, Timestamp, UserId};

use crate::accounts::Caller;
use crate::store::pushes::{self, RecordedPush};
use crate::store::{blocks, conversations, participants};
use crate::{Backend, Error, Result, Scope};

/// The longest token, in bytes (PROTOCOL.md §9).
const TOKEN_BYTES: usize = 4_096;
/// The most bytes of a body, and of a message that travels along.
const BODY_BYTES: usize = 200;
const MESSAGE_BYTES: usize = 2_048;
/// The waits between tries to hand a push over; after the last it is given up.
const WAITS: [Duration; 3] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

impl Scope<'_, '_> {
    pub(crate) fn set_push_token(
        &mut self,
        caller: &Caller,
        device: &str,
        token: &PushToken,
    ) -> Result<()> {
        must_be_own(caller, device)?;
        if token.token.is_empty() || token.token.len() > TOKEN_BYTES {
            return Err(Error::refused(
                Code::ParamsInvalid,
                "A push token is not empty, and not that long",
            ));
        }
        pushes::write::set_token(self.tx.db(), &caller.session_id, token)
    }

    pub(crate) fn remove_push_token(&mut self, caller: &Caller, device: &str) -> Result<()> {
        must_be_own(caller, device)?;
        pushes::write::remove_tokens(self.tx.db(), &caller.user_id, &caller.device_id)
    }

    /// A push for one user about a message; none when they do not want to be told.
    fn record_push(&mut self, user: &UserId, message: &Message) -> Result<()> {
        let id = &message.conversation_id;
        let settings = participants::settings(self.tx.db(), id, user)?;
        let muted = settings
            .muted_until
            .is_some_and(|until| until > self.tx.now());
        if muted || blocks::has(self.tx.db(), user, &message.sender_id)? {
            return Ok(());
        }
        // Others may have come after it in the same submit.
        let unread = participants::unread_up_to(self.tx.db(), id, user, message.position)?;
        let later =
            participants::unread(self.tx.db(), id, user)?.unread_count - unread.unread_count;
        let sender = self.name_of(&message.sender_id)?;
        // What carries files may say nothing: then they are named.
        let content = &message.content;
        let text = match (content.text.trim(), content.attachments.first()) {
            ("", Some(attachment)) => &attachment.name,
            _ => &content.text,
        };
        let (title, body) = match conversations::kind(self.tx.db(), id)? {
            ConversationKind::Direct => (sender, text.clone()),
            ConversationKind::Group | ConversationKind::Unknown => {
                let title = conversations::profile(self.tx.db(), id)?.title;
                (title.unwrap_or_default(), format!("{sender}: {text}"))
            }
        };
        let fits = serde_json::to_string(message)?.len() <= MESSAGE_BYTES;
        let payload = PushPayload {
            user_id: user.clone(),
            conversation_id: id.clone(),
            message_key: message.operation_key,
            position: message.position,
            title: shortened(title),
            body: shortened(body),
            unread_count: unread.unread_count,
            unread_mentions: unread.unread_mentions,
            unread_total: participants::unread_in_all(self.tx.db(), user)? - later,
            message: fits.then(|| message.clone()),
        };
        pushes::write::insert(self.tx.db(), &payload, self.tx.now())
    }
}

/// Not longer than a notification shows.
fn shortened(mut text: String) -> String {
    if text.len() > BODY_BYTES {
        text.truncate(text.floor_char_boundary(BODY_BYTES - '…'.len_utf8()));
        text.push('…');
    }
    text
}

fn must_be_own(caller: &Caller, device: &str) -> Result<()> {
    match caller.device_id.as_str() == device {
        true => Ok(()),
        false => Err(Error::refused(
            Code::SessionNotFound,
            "A session speaks for its own device only",
        )),
    }
}

impl Backend {
    /// Records a push for each of these who has no live connection.
    pub(crate) fn push(&mut self, wanted: &[(Rc<Message>, Vec<UserId>)], now: Timestamp) {
        for (message, user) in wanted
            .iter()
            .flat_map(|(message, users)| users.iter().map(move |user| (message, user)))
        {
            if self.is_connected(user) {
                continue;
            }
            let (recorded, _) = self.scoped(now, |scope| scope.record_push(user, message));
            if let Err(error) = recorded {
                // Reported by the conversion; the message is safe all the same.
                error.report();
            }
        }
    }

    /// Every push so far, the oldest first.
    pub fn pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        let (all, _) = self.scoped(now, |scope| pushes::all(scope.tx.db()));
        recorded(all)
    }

    /// The pushes that are to be handed over now.
    pub fn due_pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        let (due, _) = self.scoped(now, |scope| pushes::due(scope.tx.db(), now));
        recorded(due)
    }

    /// Whoever carries notifications has taken a push, or has not: then it is tried again after 2, 4 and
    /// 8 seconds.
    pub fn push_handed_over(&mut self, push_id: u64, taken: bool, now: Timestamp) {
        let (noted, _) = self.scoped(now, |scope| match taken {
            true => pushes::write::settle(scope.tx.db(), push_id),
            false => {
                let tries = pushes::tries(scope.tx.db(), push_id)?;
                match WAITS.get(tries) {
                    Some(wait) => pushes::write::try_again(scope.tx.db(), push_id, now.plus(*wait)),
                    None => pushes::write::settle(scope.tx.db(), push_id),
                }
            }
        });
        if let Err(error) = noted {
            // Reported by the conversion.
            error.report();
        }
    }
}

fn recorded(found: Result<Vec<RecordedPush>>) -> Vec<RecordedPush> {
    found.unwrap_or_else(|error| {
        error.report();
        Vec::new()
    })
}
