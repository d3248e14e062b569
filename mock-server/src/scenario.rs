//! Scenarios: worlds described in a file: their users and messages, who answers, and what goes wrong when.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::{BackendError, Described};
use fulmar_protocol::{ConversationId, ConversationKind, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::core::Core;
use crate::fault::{Fault, Network, Restart};
use crate::robot::{self, Act, Robot};
use crate::settings::Settings;
use crate::world::{refused, user};

/// So many messages can be made up for a conversation.
const LONGEST_HISTORY: u32 = 100_000;
/// What was made up was said this far apart.
const BETWEEN: Duration = Duration::from_secs(7 * 60);
/// What made-up messages say, in turn.
const SAYINGS: [&str; 8] = [
    "Shall we meet at the harbour?",
    "At six?",
    "I am late, ten minutes.",
    "No hurry.",
    "Did you bring the map?",
    "Which one?",
    "The one with the islands.",
    "Of course.",
];

/// A world as a file describes it, in TOML, or as JSON over the admin API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// What it is for, in words.
    pub about: String,
    /// Whether Alice, Bob and their "General Chat" are there.
    pub demo: bool,
    /// Whether time stands still until a test moves it.
    pub stepped: bool,
    /// What is set otherwise than at the server.
    pub settings: Settings,
    /// Who else is there.
    pub users: Vec<NewUser>,
    /// What else has been said, in which conversations.
    pub conversations: Vec<NewConversation>,
    /// The robots that answer people.
    pub robots: Vec<Robot>,
    /// What the network is like at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// What goes wrong from the beginning.
    pub faults: Vec<Fault>,
    /// What happens after the start, by time.
    pub later: Vec<Later>,
}

/// A user who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// The user's id.
    pub user_id: String,
    /// What they are called; their id, when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What they sign in with.
    pub password: String,
}

/// A conversation, and the messages in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConversation {
    /// A group has a title; without one it is direct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who takes part; the first creates it.
    pub participants: Vec<String>,
    /// How many messages are made up, said by everybody in turn.
    #[serde(default)]
    pub made_up: u32,
    /// What is said after those.
    #[serde(default)]
    pub said: Vec<Said>,
}

/// What somebody has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Said {
    /// The user who wrote it.
    pub by: String,
    /// The text of the message.
    pub text: String,
}

/// Something that happens so much later than the beginning, by the clock of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Later {
    /// When it happens, in milliseconds after the start.
    pub at_ms: u64,
    /// The change that happens.
    #[serde(rename = "do")]
    pub change: Change,
}

/// Something that changes a world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Change {
    /// The network of everybody.
    Network(Network),
    /// The network of one user.
    NetworkOf {
        /// The user whose network changes.
        user: String,
        /// What it is like.
        network: Network,
    },
    /// Adds a fault.
    Fault(Fault),
    /// All rules are gone.
    ClearFaults,
    /// Adds a robot.
    Robot(Robot),
    /// Lets a user act once.
    Act(Act),
    /// A user is cut off.
    Disconnect(String),
    /// A user comes back.
    Reconnect(String),
    /// The connections of a user break once.
    Cut(String),
    /// A user's log loses what was in it.
    CutLog(String),
    /// A user's log has another name.
    ResetLog(String),
    /// All sessions of a user end.
    RevokeSessions(String),
    /// Everything is remembered, for a restart that loses what follows.
    Checkpoint,
    /// Restarts the server.
    Restart(Restart),
}

/// Why a scenario cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The path of the file.
        path: String,
        /// Why the file could not be read.
        error: std::io::Error,
    },
    /// It is no scenario.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
}

macro_rules! shipped {
    ($($name:literal),*) => {
        /// The scenarios that come with the server, by name, as TOML.
        pub const SHIPPED: &'static [(&'static str, &'static str)] =
            &[$(($name, include_str!(concat!("../scenarios/", $name, ".toml")))),*];
    };
}

impl Scenario {
    shipped!(
        "busy-group",
        "captive-portal",
        "expiring-tokens",
        "hiccups",
        "long-history",
        "lossy-restart",
        "rate-limits",
        "restored-backup",
        "support-desk",
        "train"
    );

    /// Reads a scenario.
    ///
    /// # Errors
    /// [`ScenarioError::Form`], with the place and what is wrong there.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        Ok(toml::from_str(text)?)
    }

    /// One of [`Scenario::SHIPPED`], by its name.
    #[must_use]
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = Self::SHIPPED.iter().find(|(known, _)| *known == name)?;
        // A test reads each of them.
        Self::from_toml(text).ok()
    }

    /// A file, or one of those that come with the server by its name.
    ///
    /// # Errors
    /// When there is none, or it is no scenario.
    pub fn find(name_or_path: &str) -> Result<Self, ScenarioError> {
        if let Some(shipped) = Self::shipped(name_or_path) {
            return Ok(shipped);
        }
        let text = std::fs::read_to_string(Path::new(name_or_path)).map_err(|error| {
            ScenarioError::File {
                path: name_or_path.to_owned(),
                error,
            }
        })?;
        Self::from_toml(&text)
    }

    /// Builds the world that the scenario describes. In a database that has it from the last time, people and
    /// conversations stay as they are; networks, faults, robots and what happens later begin anew.
    pub(crate) fn begin(&self, core: &Arc<Core>) -> Result<(), BackendError> {
        if self.stepped {
            core.clock.stop();
        }
        if self.demo {
            core.with_backend(|backend, now| (backend.seed_demo(now), Vec::new()))?;
        }
        match core.with_backend(|backend, _| (backend.described(), Vec::new()))? {
            Described::Whole => {}
            Described::Begun => {
                let why =
                    "the last start was stopped while it built the scenario: delete the database";
                return Err(refused(why));
            }
            Described::Not => {
                let describe =
                    |how| core.with_backend(|backend, _| (backend.set_described(how), Vec::new()));
                describe(Described::Begun)?;
                for user in &self.users {
                    user.begin(core)?;
                }
                for conversation in &self.conversations {
                    conversation.begin(core)?;
                }
                describe(Described::Whole)?;
            }
        }
        // What is lost later is what came after this.
        core.checkpoint()?;
        if let Some(network) = self.network {
            core.set_network(None, network);
        }
        for fault in &self.faults {
            core.faults.add(fault.clone());
        }
        for robot in &self.robots {
            robot::start(Arc::clone(core), robot.clone())?;
        }
        let began = core.clock.now();
        for later in &self.later {
            let (core, later) = (Arc::clone(core), later.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = later.happen(&core, began) => {}
                    () = core.ended() => {}
                }
            });
        }
        Ok(())
    }
}

impl Later {
    async fn happen(&self, core: &Arc<Core>, began: Timestamp) {
        let at = i64::try_from(self.at_ms).unwrap_or(i64::MAX);
        let at = Timestamp(began.0.saturating_add(at));
        core.clock.sleep_until(at).await;
        if let Err(error) = self.change.happen(core).await {
            tracing::warn!(%error, "a part of the scenario cannot happen");
        }
    }
}

impl Change {
    pub(crate) async fn happen(&self, core: &Arc<Core>) -> Result<(), BackendError> {
        match self {
            Self::Network(network) => core.set_network(None, *network),
            Self::NetworkOf { user, network } => core.set_network(Some(user), *network),
            Self::Fault(fault) => core.faults.add(fault.clone()),
            Self::ClearFaults => core.faults.clear(),
            Self::Robot(robot) => robot::start(Arc::clone(core), robot.clone())?,
            Self::Act(act) => {
                act.perform(core).await?;
            }
            Self::Disconnect(user) => core.cut_off(user),
            Self::Reconnect(user) => core.let_in(user),
            Self::Cut(user) => core.cut_user(user),
            Self::CutLog(name) => core.cut_log(&user(name)?),
            Self::ResetLog(name) => core.reset_log(&user(name)?),
            Self::RevokeSessions(name) => core.revoke_sessions(&user(name)?),
            Self::Checkpoint => core.checkpoint()?,
            Self::Restart(how) => core.restart(*how)?,
        }
        Ok(())
    }
}

impl NewUser {
    pub(crate) fn begin(&self, core: &Core) -> Result<(), BackendError> {
        let name = self.name.as_deref().unwrap_or(&self.user_id);
        core.add_user(&self.user_id, name, &self.password)
    }
}

impl NewConversation {
    fn begin(&self, core: &Core) -> Result<(), BackendError> {
        let [first, others @ ..] = self.participants.as_slice() else {
            return Err(refused("a conversation without participants"));
        };
        if self.made_up > LONGEST_HISTORY {
            return Err(refused("at most 100,000 messages are made up"));
        }
        let kind = match self.title {
            Some(_) => ConversationKind::Group,
            None => ConversationKind::Direct,
        };
        let made_up = i64::from(self.made_up);
        let between = i64::try_from(BETWEEN.as_millis()).unwrap_or(i64::MAX);
        let begin = core.clock.now().0 - (made_up + 1) * between;
        let params = json!({"kind": kind, "title": self.title, "participantIds": others});
        let create = ("conversation.create", params);
        let created = core.apply(&user(first)?, create, Some(Timestamp(begin)))?;
        let there = match created.status {
            fulmar_protocol::OutcomeStatus::Applied {
                conversation: Some(conversation),
                ..
            } => conversation.conversation_id,
            _ => return Err(refused("the conversation was not created")),
        };
        let say = |by: &str, text: &str, at| say(core, &there, (by, text), at);
        for number in 0..self.made_up as usize {
            let by = &self.participants[number % self.participants.len()];
            let at = begin + (number as i64 + 1) * between;
            say(by, SAYINGS[number % SAYINGS.len()], Some(Timestamp(at)))?;
        }
        for said in &self.said {
            say(&said.by, &said.text, None)?;
        }
        Ok(())
    }
}

fn say(
    core: &Core,
    there: &ConversationId,
    (by, text): (&str, &str),
    at: Option<Timestamp>,
) -> Result<(), BackendError> {
    let params = json!({"conversationId": there, "text": text});
    core.apply(&user(by)?, ("message.send", params), at)?;
    Ok(())
}
