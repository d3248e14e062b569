//! Push notifications for whoever has no live connection (PROTOCOL.md §7.8): recorded, and handed to
//! whoever carries them, several times if need be.

use std::time::Duration;

use fulmar_protocol::{
    Code, ConversationKind, DeviceId, Message, PushPayload, PushToken, Timestamp, UserId,
};
use serde::Serialize;

use crate::accounts::Caller;
use crate::store::pushes::{self, Push};
use crate::store::{blocks, conversations, participants};
use crate::{Backend, Result, Scope, Stop};

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

/// A push notification as it was recorded, and as a webhook gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedPush {
    /// Its number, from 1.
    pub push_id: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The devices that it is for: those of the user that have a token.
    pub devices: Vec<PushDevice>,
    /// What it says.
    pub payload: PushPayload,
}

/// A device that gets notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushDevice {
    /// Which one.
    pub device_id: DeviceId,
    /// Its token, and who gave it out.
    #[serde(flatten)]
    pub token: PushToken,
}

impl Scope<'_> {
    pub(crate) fn set_push_token(
        &mut self,
        caller: &Caller,
        device: &str,
        token: &PushToken,
    ) -> Result<()> {
        must_be_own(caller, device)?;
        if token.token.is_empty() || token.token.len() > TOKEN_BYTES {
            return Err(Stop::because(
                Code::ParamsInvalid,
                "A push token is not empty, and not that long",
            ));
        }
        pushes::set_token(&self.db, &caller.session_id, token)
    }

    pub(crate) fn remove_push_token(&mut self, caller: &Caller, device: &str) -> Result<()> {
        must_be_own(caller, device)?;
        pushes::remove_tokens(&self.db, &caller.user_id, &caller.device_id)
    }

    /// A push for one user about a message; none when they do not want to be told.
    fn record_push(&mut self, user: &UserId, message: &Message) -> Result<()> {
        let id = &message.conversation_id;
        let settings = participants::settings(&self.db, id, user)?;
        let muted = settings.muted_until.is_some_and(|until| until > self.now);
        if muted || blocks::has(&self.db, user, &message.sender_id)? {
            return Ok(());
        }
        // Others may have come after it in the same submit.
        let unread = participants::unread_up_to(&self.db, id, user, message.position)?;
        let later = participants::unread(&self.db, id, user)?.unread_count - unread.unread_count;
        let sender = self.name_of(&message.sender_id)?;
        // What carries files may say nothing: then they are named.
        let content = &message.content;
        let text = match (content.text.trim(), content.attachments.first()) {
            ("", Some(attachment)) => &attachment.name,
            _ => &content.text,
        };
        let (title, body) = match conversations::kind(&self.db, id)? {
            ConversationKind::Direct => (sender, text.clone()),
            ConversationKind::Group | ConversationKind::Unknown => {
                let title = conversations::profile(&self.db, id)?.title;
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
            unread_total: participants::unread_in_all(&self.db, user)? - later,
            message: fits.then(|| message.clone()),
        };
        pushes::insert(&self.db, &payload, self.now)
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
        false => Err(Stop::because(
            Code::SessionNotFound,
            "A session speaks for its own device only",
        )),
    }
}

impl Backend {
    /// Records a push for each of these who has no live connection.
    pub(crate) fn push(&mut self, wanted: &[(UserId, Message)], now: Timestamp) {
        for (user, message) in wanted {
            if self.is_connected(user) {
                continue;
            }
            let (recorded, _) = self.scoped(now, |scope| scope.record_push(user, message));
            if let Err(stop) = recorded {
                // Reported by the conversion; the message is safe all the same.
                let _ = stop.into_problem();
            }
        }
    }

    /// Every push so far, the oldest first.
    pub fn pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        let (all, _) = self.scoped(now, |scope| pushes::all(&scope.db));
        recorded(all)
    }

    /// The pushes that are to be handed over now.
    pub fn due_pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        let (due, _) = self.scoped(now, |scope| pushes::due(&scope.db, now));
        recorded(due)
    }

    /// Whoever carries notifications has taken a push, or has not: then it is tried again after 2, 4 and
    /// 8 seconds.
    pub fn push_handed_over(&mut self, push_id: u64, taken: bool, now: Timestamp) {
        let (noted, _) = self.scoped(now, |scope| match taken {
            true => pushes::settle(&scope.db, push_id),
            false => {
                let tries = pushes::tries(&scope.db, push_id)?;
                match WAITS.get(tries) {
                    Some(wait) => pushes::try_again(&scope.db, push_id, now.plus(*wait)),
                    None => pushes::settle(&scope.db, push_id),
                }
            }
        });
        if let Err(stop) = noted {
            // Reported by the conversion.
            let _ = stop.into_problem();
        }
    }
}

fn recorded(found: Result<Vec<Push>>) -> Vec<RecordedPush> {
    match found {
        Ok(found) => found
            .into_iter()
            .map(|push| RecordedPush {
                push_id: push.id,
                at: push.at,
                devices: push.devices,
                payload: push.payload,
            })
            .collect(),
        Err(stop) => {
            // Reported by the conversion.
            let _ = stop.into_problem();
            Vec::new()
        }
    }
}
