//! The steps of a script, and the user who takes them.

use fulmar_backend::BackendError;
use fulmar_protocol::{ConversationId, Message, OperationKey, Outcome, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Found, enter, is_called};
use crate::core::{Answer, Core};
use crate::world::{refused, user};

/// A burst has no more messages than this.
const LARGEST_BURST: u32 = 10_000;

/// One thing that somebody does. In texts, `{text}` and `{sender}` stand for the message that set a robot going,
/// and `{n}` for the number of a message in a burst.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Step {
    /// Waits so long, by the clock of the world.
    WaitMs(u64),
    /// Types for so long.
    TypeMs(u64),
    /// Marks everything as read.
    Read,
    /// Sends a message with this text.
    Say(String),
    /// Says the text of the message that set it going.
    Echo,
    /// Says this in answer to the newest message, or to the one that set it going.
    Reply(String),
    /// Sets this reaction on it.
    React(String),
    /// Changes its own last message to this.
    Edit(String),
    /// Deletes its own last message for everyone.
    Delete,
    /// Says many things at once.
    Burst {
        /// How many; at most 10,000.
        count: u32,
        /// The text of each message.
        text: String,
    },
    /// Leaves the group.
    Leave,
    /// Is added to the group by this admin of it.
    Join {
        /// The user who adds the robot.
        by: String,
        /// To which group of theirs, by id or title.
        to: String,
    },
    /// Any operation of the protocol; where its params name no conversation, this one is meant.
    Operation {
        /// The name of the method, such as `conversation.create`.
        method: String,
        /// As in PROTOCOL.md §5.
        #[serde(default)]
        params: Value,
    },
}

impl Step {
    /// Whether it does not depend on where its actor is.
    pub(super) fn says_where(&self) -> bool {
        matches!(
            self,
            Self::WaitMs(_) | Self::Join { .. } | Self::Operation { .. }
        )
    }
}

/// Where something is done, and because of what.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub(super) conversation: Option<ConversationId>,
    pub(super) message: Option<Message>,
}

impl Cause {
    pub(super) fn of(conversation: Option<ConversationId>) -> Self {
        Self {
            conversation,
            message: None,
        }
    }
}

/// What came of the steps so far, and until when they took: waiting counts from what set it going and not from when
/// that was heard, so that on a clock that is stepped it is always the same.
struct Taken {
    outcomes: Vec<Outcome>,
    until: Timestamp,
}

impl Taken {
    fn later(&mut self, by: u64) -> Timestamp {
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        self.until = Timestamp(self.until.0.saturating_add(by));
        self.until
    }
}

/// The user who acts, and the world that they act in.
pub(super) struct Actor<'a> {
    core: &'a Core,
    user: UserId,
}

impl<'a> Actor<'a> {
    pub(super) fn new(core: &'a Core, user: UserId) -> Self {
        Self { core, user }
    }

    /// The conversation of this name; without one, that in which they were last active.
    pub(super) fn conversation(&self, name: Option<&str>) -> Found {
        let found = self
            .core
            .conversations_of(&self.user)?
            .into_iter()
            .find(|conversation| {
                name.is_none_or(|name| is_called(conversation, name, self.user.as_str()))
            });
        match found {
            Some(conversation) => Ok(conversation.conversation_id),
            None => Err(refused(&format!(
                "{} takes part in no conversation {}",
                self.user,
                name.unwrap_or_default()
            ))),
        }
    }

    /// Takes the steps in their order, up to the first that is refused.
    pub(super) async fn perform(
        &self,
        steps: &[Step],
        cause: &Cause,
    ) -> Result<Vec<Outcome>, BackendError> {
        let mut taken = Taken {
            outcomes: Vec::new(),
            until: match &cause.message {
                Some(message) => message.sent_at,
                None => self.core.clock.now(),
            },
        };
        for step in steps {
            self.take(step, cause, &mut taken).await?;
        }
        Ok(taken.outcomes)
    }

    async fn take(
        &self,
        step: &Step,
        cause: &Cause,
        taken: &mut Taken,
    ) -> Result<(), BackendError> {
        let there = || {
            let conversation = cause.conversation.clone();
            conversation.ok_or_else(|| refused("it is not said in which conversation"))
        };
        let mut apply = |method: &str, params: Value| {
            let outcome = self.core.apply(&self.user, (method, params), None)?;
            taken.outcomes.push(outcome);
            Ok(())
        };
        let say = |apply: &mut dyn FnMut(&str, Value) -> Result<(), BackendError>, text, number| {
            let text = filled(text, cause, number);
            apply(
                "message.send",
                json!({"conversationId": there()?, "text": text}),
            )
        };
        match step {
            Step::WaitMs(wait) => {
                let until = taken.later(*wait);
                self.core.clock.sleep_until(until).await;
                Ok(())
            }
            Step::TypeMs(time) => self.type_for(&there()?, *time, taken).await,
            Step::Read => {
                let end = i64::MAX as u64 >> 10;
                let params = json!({"conversationId": there()?, "readTo": end});
                apply("receipt.update", params)
            }
            Step::Say(text) => say(&mut apply, text, 1),
            Step::Echo => say(&mut apply, "{text}", 1),
            Step::Reply(text) => {
                let answered = self.answered(cause)?;
                let text = filled(text, cause, 1);
                let params = json!({"conversationId": there()?, "text": text, "replyTo": answered});
                apply("message.send", params)
            }
            Step::React(emoji) => {
                let message = self.answered(cause)?;
                let params =
                    json!({"conversationId": there()?, "messageKey": message, "emoji": emoji});
                apply("reaction.add", params)
            }
            Step::Edit(text) => {
                let own = self.own_last(&there()?)?;
                let text = filled(text, cause, 1);
                let params = json!({"conversationId": there()?, "messageKey": own, "text": text});
                apply("message.edit", params)
            }
            Step::Delete => {
                let own = self.own_last(&there()?)?;
                apply(
                    "message.delete",
                    json!({"conversationId": there()?, "messageKey": own}),
                )
            }
            Step::Burst { count, text } => {
                for number in 1..=(*count).min(LARGEST_BURST) {
                    say(&mut apply, text, number)?;
                }
                Ok(())
            }
            Step::Leave => apply("conversation.leave", json!({"conversationId": there()?})),
            Step::Join { by, to } => {
                taken.outcomes.push(self.join(by, to)?);
                Ok(())
            }
            Step::Operation { method, params } => {
                let mut params = params.clone();
                if let (Some(object), Some(here)) = (params.as_object_mut(), &cause.conversation) {
                    let here = json!(here);
                    object.entry("conversationId").or_insert(here);
                }
                apply(method, params)
            }
        }
    }

    /// Somebody who may takes them into a group.
    fn join(&self, by: &str, to: &str) -> Result<Outcome, BackendError> {
        let admin = Actor::new(self.core, user(by)?);
        let group = admin.conversation(Some(to))?;
        let params = json!({"conversationId": group, "userIds": [self.user]});
        self.core
            .apply(&admin.user, ("participant.add", params), None)
    }

    /// Signals travel over sockets: one is opened for it.
    async fn type_for(
        &self,
        there: &ConversationId,
        time: u64,
        taken: &mut Taken,
    ) -> Result<(), BackendError> {
        let (socket, _commands) = enter(self.core, &self.user, "act", None)?;
        let say = |frame: Value| {
            self.core
                .frame(socket, &frame.to_string(), Answer::Delivered);
        };
        let typing = |state| json!({"type": "typing", "conversationId": there, "state": state});
        // A signal is forgotten after three seconds (PROTOCOL.md §3.10).
        let mut left = time;
        while left > 0 {
            let part = left.min(2_000);
            say(typing("started"));
            let until = taken.later(part);
            self.core.clock.sleep_until(until).await;
            left -= part;
        }
        say(typing("stopped"));
        self.core.disconnect(socket);
        Ok(())
    }

    /// The message that set it going, or else the newest.
    fn answered(&self, cause: &Cause) -> Result<OperationKey, BackendError> {
        if let Some(message) = &cause.message {
            return Ok(message.operation_key);
        }
        self.newest(cause.conversation.as_ref(), |_| true)
    }

    fn own_last(&self, there: &ConversationId) -> Result<OperationKey, BackendError> {
        self.newest(Some(there), |message| message.sender_id == self.user)
    }

    /// Among the newest messages of a conversation.
    fn newest(
        &self,
        there: Option<&ConversationId>,
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<OperationKey, BackendError> {
        let conversations = self.core.conversations_of(&self.user)?;
        conversations
            .iter()
            .find(|conversation| Some(&conversation.conversation_id) == there)
            .into_iter()
            .flat_map(|conversation| conversation.messages.iter().rev())
            .find(|message| {
                message.content.notice.is_none() && message.deleted.is_none() && wanted(message)
            })
            .map(|message| message.operation_key)
            .ok_or_else(|| refused("there is no such message among the newest 20"))
    }
}

fn filled(text: &str, cause: &Cause, number: u32) -> String {
    let (said, sender) = match &cause.message {
        Some(message) => (message.content.text.as_str(), message.sender_id.as_str()),
        None => ("", ""),
    };
    // The text of others last: what they wrote is not looked at again.
    text.replace("{n}", &number.to_string())
        .replace("{sender}", sender)
        .replace("{text}", said)
}
