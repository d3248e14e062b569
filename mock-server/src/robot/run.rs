//! What keeps a robot going: a socket of its own, over which it hears what is said.

use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::{BackendError, SocketId};
use fulmar_protocol::{Event, EventData, LogId, Message, Seq, ServerFrame, UserId};
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use super::script::{Actor, Cause};
use super::{Robot, Trigger, enter, is_called};
use crate::core::{Answer, Core, SocketCommand};
use crate::world::{refused, user};

/// How often it shows that it is there, by the clock of the world.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// Tests that set robots going in a loop are not to fill the machine.
const MOST: usize = 1_000;
/// How long it waits before it connects again.
const PAUSE: Duration = Duration::from_millis(50);

/// Sets a robot going, in a task that ends with its world.
pub(crate) fn start(core: Arc<Core>, robot: Robot) -> Result<(), BackendError> {
    let user = user(&robot.user)?;
    // An unknown user cannot act, so this is an error now.
    core.conversations_of(&user)?;
    {
        let mut robots = core.robots();
        if robots.count >= MOST {
            return Err(refused("there are 1,000 robots in this world"));
        }
        robots.count += 1;
        robots.users.insert(user.clone());
    }
    // It listens before anybody is told that it is there.
    let ear = Ear::open(&core, &user, None)?;
    tokio::spawn(async move {
        let running = Running {
            core: &core,
            robot: &robot,
            user: &user,
        };
        tokio::select! {
            () = running.run(ear) => {}
            () = core.ended() => {}
        }
    });
    Ok(())
}

/// Its connection, and how far it has heard.
struct Ear {
    socket: SocketId,
    commands: Receiver<SocketCommand>,
    heard: Option<(LogId, Seq)>,
}

impl Ear {
    fn open(core: &Core, user: &UserId, heard: Option<(LogId, Seq)>) -> Result<Self, BackendError> {
        let (socket, commands) = enter(core, user, "robot", heard.as_ref())?;
        Ok(Self {
            socket,
            commands,
            heard,
        })
    }

    /// The new messages that a frame tells of.
    fn take(&mut self, frame: &ServerFrame) -> Vec<Message> {
        match frame {
            // A robot that has heard nothing yet begins with what is new.
            ServerFrame::Ready(ready) if self.heard.is_none() => {
                self.heard = Some((ready.log_id.clone(), ready.head));
            }
            ServerFrame::Reset(reset) => self.heard = Some((reset.log_id.clone(), reset.head)),
            ServerFrame::Events(frame) => {
                if let (Some((_, since)), Some(last)) = (&mut self.heard, frame.events.last()) {
                    *since = last.seq;
                }
                let created = |event: &Event| match event.read() {
                    Ok(EventData::MessageCreated(message)) => Some(message),
                    _ => None,
                };
                return frame.events.iter().filter_map(created).collect();
            }
            _ => {}
        }
        Vec::new()
    }
}

struct Running<'a> {
    core: &'a Core,
    robot: &'a Robot,
    user: &'a UserId,
}

impl Running<'_> {
    async fn run(&self, mut ear: Ear) {
        let times = self.robot.times.unwrap_or(u32::MAX);
        let mut left = times;
        let by_itself = async {
            match self.robot.on {
                Trigger::Start => self.act(None).await,
                Trigger::EveryMs(every) => {
                    for _ in 0..times {
                        self.core
                            .clock
                            .sleep(Duration::from_millis(every.max(1)))
                            .await;
                        self.act(None).await;
                    }
                }
                Trigger::Message | Trigger::Text(_) | Trigger::Mention => {}
            }
            // What it has done it has done; it stays there, and listens.
            std::future::pending::<()>().await;
        };
        let listening = async {
            loop {
                match self.hear(&mut ear).await {
                    Some(messages) => {
                        for message in messages {
                            if left > 0 && self.is_meant(&message) {
                                left -= 1;
                                self.act(Some(message)).await;
                            }
                        }
                    }
                    None => ear = self.come_back(ear).await,
                }
            }
        };
        tokio::join!(by_itself, listening);
    }

    /// New messages; `None` when the connection has ended.
    async fn hear(&self, ear: &mut Ear) -> Option<Vec<Message>> {
        tokio::select! {
            command = ear.commands.recv() => match command {
                Some(SocketCommand::Send(frame)) => Some(ear.take(&frame)),
                Some(SocketCommand::Close(_) | SocketCommand::Cut) | None => None,
            },
            () = self.core.clock.sleep(SIGN_OF_LIFE) => {
                let ping = json!({"type": "ping", "id": 0}).to_string();
                self.core.frame(ear.socket, &ping, Answer::Delivered);
                Some(Vec::new())
            }
        }
    }

    /// Connects again. The robot then gets the messages that came meanwhile.
    async fn come_back(&self, old: Ear) -> Ear {
        self.core.disconnect(old.socket);
        loop {
            match Ear::open(self.core, self.user, old.heard.clone()) {
                Ok(ear) => return ear,
                Err(error) => tracing::info!(robot = %self.user, %error, "cannot connect"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn is_meant(&self, message: &Message) -> bool {
        let said_by_robot = self.core.robots().users.contains(&message.sender_id);
        if said_by_robot || message.content.notice.is_some() || message.sender_id == *self.user {
            return false;
        }
        let triggered = match &self.robot.on {
            Trigger::Message => true,
            Trigger::Text(text) => message.content.text.contains(text.as_str()),
            Trigger::Mention => message.content.mentions.contains(self.user),
            Trigger::Start | Trigger::EveryMs(_) => false,
        };
        triggered && self.is_there(message)
    }

    fn is_there(&self, message: &Message) -> bool {
        let Some(name) = &self.robot.conversation else {
            return true;
        };
        let conversations = self.core.conversations_of(self.user).unwrap_or_default();
        conversations.iter().any(|conversation| {
            conversation.conversation_id == message.conversation_id
                && is_called(conversation, name, self.user.as_str())
        })
    }

    async fn act(&self, message: Option<Message>) {
        let actor = Actor::new(self.core, self.user.clone());
        let conversation = match &message {
            Some(message) => Some(message.conversation_id.clone()),
            None => actor.conversation(self.robot.conversation.as_deref()).ok(),
        };
        let cause = Cause {
            conversation,
            message,
        };
        if let Err(error) = actor.perform(&self.robot.steps, &cause).await {
            tracing::warn!(robot = %self.user, %error, "a step was refused, the rest is not taken");
        }
    }
}
