//! Robots: participants that follow a script, and single acts of anybody.
//!
//! They do what any client could do, through the same rules; they must not touch the state behind them.

mod run;
mod script;

use fulmar_backend::{BackendError, SocketId};
use fulmar_protocol::{ConversationId, DeviceId, LogId, Outcome, Seq, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use crate::core::{Answer, Core, SocketCommand};
use crate::world::{refused, user};

pub(crate) use run::start;
pub use script::Step;
use script::{Actor, Cause};

/// A participant that follows a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Robot {
    /// The user that the robot is.
    pub user: String,
    /// Where it acts: the id or the title of a conversation, or the other person of a direct one. Absent: in all
    /// of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// What sets it going.
    #[serde(default)]
    pub on: Trigger,
    /// What it does then, one after the other.
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
    /// How often it does it; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What sets a robot going. What other robots say does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// A message of somebody else.
    #[default]
    Message,
    /// A message of somebody else that contains this text.
    Text(String),
    /// A message that mentions it.
    Mention,
    /// Nothing: it begins by itself, once.
    Start,
    /// So much time, again and again.
    EveryMs(u64),
}

/// Something that somebody does now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Act {
    /// The user who acts.
    pub user: String,
    /// Where, as in [`Robot::conversation`]. Absent: where they were last active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// What, one after the other.
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
}

impl Act {
    pub(crate) async fn perform(&self, core: &Core) -> Result<Vec<Outcome>, BackendError> {
        let user = user(&self.user)?;
        // An unknown user is an error before the act waits.
        core.conversations_of(&user)?;
        let actor = Actor::new(core, user);
        let name = self.conversation.as_deref();
        let conversation = match name.is_none() && self.steps.iter().all(Step::says_where) {
            true => None,
            false => Some(actor.conversation(name)?),
        };
        actor.perform(&self.steps, &Cause::of(conversation)).await
    }
}

/// Whether a conversation goes by this name: its id, its title, or the other person of a direct one.
fn is_called(conversation: &fulmar_protocol::Conversation, name: &str, me: &str) -> bool {
    let titled = conversation.profile.title.as_deref() == Some(name);
    let direct = conversation.kind == fulmar_protocol::ConversationKind::Direct
        && (conversation.participants.iter())
            .any(|other| other.user_id.as_str() == name && name != me);
    conversation.conversation_id.as_str() == name || titled || direct
}

/// Comes in over a socket of its own, and goes on after what was heard before.
fn enter(
    core: &Core,
    user: &UserId,
    device: &str,
    heard: Option<&(LogId, Seq)>,
) -> Result<(SocketId, Receiver<SocketCommand>), BackendError> {
    let device = DeviceId::new(device).map_err(|error| refused(&error.to_string()))?;
    let token = core.open_session(user, &device)?;
    let (socket, commands) = core.connect(None);
    let hello = json!({
        "type": "hello", "version": 1, "accessToken": token.expose(),
        "since": heard.map_or(Seq(0), |(_, since)| *since),
        "logId": heard.map(|(log, _)| log),
    });
    core.frame(socket, &hello.to_string(), Answer::Delivered);
    Ok((socket, commands))
}

type Found = Result<ConversationId, BackendError>;
