//! A device: a store on a disk, a link to the server, a clock, and the process that has the store open. It remembers what
//! it was promised.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::clocks::Clock;
use crate::disks::Disk;
use crate::figures::Figures;
use crate::oracle::{Message, Sent, shown};
use crate::processes::{Driver, Program};
use crate::proxy::Link;
use crate::trouble::{Outcome, Trouble};

/// What a driver does, it does within this time, also on a machine that is busy, and after the rest of a minute that its
/// engine may have to take (PROTOCOL.md §3.9).
const LONGEST: Duration = Duration::from_secs(100);
/// So many bytes at most are in a text beside its number.
const LONGEST_TEXT: usize = 3000;

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) user: &'static str,
    pub(crate) link: Arc<Link>,
    pub(crate) disk: Disk,
    pub(crate) clock: Clock,
    pub(crate) programs: Vec<Program>,
    /// Where the log of its processes is.
    pub(crate) errors: PathBuf,
    pub(crate) figures: Figures,
    pub(crate) driver: Option<Driver>,
    /// The ids of the conversations.
    pub(crate) chats: Vec<String>,
    /// What it handed over, by conversation.
    pub(crate) sent: BTreeMap<String, Vec<Sent>>,
    pub(crate) number: u64,
    /// Which languages had the store open, in order.
    pub(crate) languages: Vec<String>,
}

impl Device {
    /// Opens the store in a new process, of whatever language comes.
    pub(crate) async fn open(&mut self, rng: &mut Rng) -> Outcome {
        let program = &self.programs[rng.usize(..self.programs.len())];
        let language = program.language.clone();
        let driver = Driver::start(&self.name, program, &self.clock, &self.errors)?;
        self.driver = Some(driver);
        self.log(&format!("opened in {language}"));
        self.languages.push(language);
        let store = self.disk.folder.join("store.db").display().to_string();
        let server = format!("http://{}", self.link.address);
        let open = json!({ "do": "open", "server": server, "store": store });
        let opened = self.ask(open).await.map(|_| ());
        if opened.is_err() {
            self.driver = None;
        }
        opened
    }

    pub(crate) async fn sign_in(&mut self) -> Outcome {
        let password = format!("{}-password", self.user);
        self.ask(json!({ "do": "signIn", "user": self.user, "password": password }))
            .await?;
        Ok(())
    }

    /// Waits until a conversation is in the list.
    pub(crate) async fn find(&mut self, title: &str) -> Outcome {
        let found = self.ask(json!({ "do": "find", "title": title })).await?;
        self.chats.push(text(&found, "conversation")?);
        Ok(())
    }

    /// Sends, and is promised something.
    pub(crate) async fn send(&mut self, rng: &mut Rng) -> Outcome {
        let (chat, text, request) = self.next(rng);
        match self.ask(request).await {
            Ok(answer) => self.promised(&chat, text, &answer),
            Err(trouble @ Trouble::Refused(_)) if self.disk.is_full => {
                self.log(&trouble);
                self.figures.refused();
                self.record(&chat, text, None);
                Ok(())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Sends, and is killed in the middle of it.
    pub(crate) async fn send_and_die(&mut self, rng: &mut Rng) -> Outcome {
        let (chat, text, request) = self.next(rng);
        let Some(mut driver) = self.driver.take() else {
            return Ok(());
        };
        driver.write(&request).await?;
        sleep(Duration::from_micros(rng.u64(..20_000))).await;
        match driver.kill().await? {
            Some(answer) if answer.get("ok").is_some() => {
                self.promised(&chat, text, &answer["ok"])?;
            }
            Some(_) | None => {
                self.figures.unanswered();
                self.record(&chat, text, None);
            }
        }
        Ok(())
    }

    pub(crate) async fn kill(&mut self) -> Outcome {
        if let Some(mut driver) = self.driver.take() {
            driver.kill().await?;
        }
        Ok(())
    }

    /// Its process gets no time for so long.
    pub(crate) async fn stop_for(&mut self, pause: Duration) -> Outcome {
        if let Some(driver) = &self.driver {
            driver.stop()?;
            sleep(pause).await;
            driver.go_on()?;
        }
        Ok(())
    }

    /// Its platform says that there is a network or none, whether that is true or not.
    pub(crate) async fn hint_of_network(&mut self, hint: &str) -> Outcome {
        self.ask(json!({ "do": hint })).await?;
        Ok(())
    }

    /// After a restart it is who it was, and what it was promised last is on its screen.
    pub(crate) async fn looks_as_before(&mut self) -> Outcome {
        let session = self.ask(json!({ "do": "session" })).await?;
        let session = text(&session, "session")?;
        if session != self.user {
            let name = &self.name;
            return Err(Trouble::Broken(format!(
                "{name} is {session} after a restart"
            )));
        }
        for (chat, sent) in self.sent.clone() {
            let page = json!({ "do": "page", "conversation": chat });
            let page = self.ask(page).await?;
            let page = shown(&page)?;
            let last = sent.iter().rev().find(|sent| sent.promised.is_some());
            let newest: Vec<&str> = page.iter().map(|message| message.text.as_str()).collect();
            // Where something is not on the page, it may be that.
            let confirmed = page.iter().filter(|message| message.position > 0);
            let could_be_off = confirmed
                .zip(1..)
                .any(|(message, place)| message.position != place);
            if let Some(last) = last
                && !could_be_off
                && !newest.contains(&last.text.as_str())
            {
                return Err(Trouble::Broken(format!(
                    "{} does not show {last:?} after a restart, but {page:?}",
                    self.name
                )));
            }
        }
        Ok(())
    }

    /// All that is shown of a conversation, once there are so many and all are confirmed.
    pub(crate) async fn timeline(&mut self, chat: &str, messages: usize) -> Outcome<Vec<Message>> {
        let request = json!({ "do": "timeline", "conversation": chat, "messages": messages });
        shown(&self.ask(request).await?)
    }

    pub(crate) async fn ask(&mut self, request: Value) -> Outcome<Value> {
        match &mut self.driver {
            Some(driver) => driver.ask(&request, LONGEST).await,
            None => Err(Trouble::Machine(format!("{} is not open", self.name))),
        }
    }

    /// How many messages it handed over.
    pub(crate) fn count(&self) -> usize {
        self.sent.values().map(Vec::len).sum()
    }

    fn next(&mut self, rng: &mut Rng) -> (String, String, Value) {
        self.number += 1;
        let chat = self.chats[rng.usize(..self.chats.len())].clone();
        let filling = if rng.u8(..10) == 0 {
            rng.usize(..LONGEST_TEXT)
        } else {
            rng.usize(..20)
        };
        let text = format!("{} {} {}", self.name, self.number, ".".repeat(filling));
        let text = text.trim_end().to_owned();
        let request = json!({ "do": "send", "conversation": chat, "text": text });
        (chat, text, request)
    }

    fn promised(&mut self, chat: &str, sent: String, answer: &Value) -> Outcome {
        self.figures.acknowledged();
        let key = text(answer, "key")?;
        self.record(chat, sent, Some(key));
        Ok(())
    }

    fn record(&mut self, chat: &str, text: String, promised: Option<String>) {
        let sent = self.sent.entry(chat.to_owned()).or_default();
        sent.push(Sent { text, promised });
    }

    /// Keeps something for who looks into a failure.
    pub(crate) fn log(&self, line: &dyn std::fmt::Display) {
        use std::io::Write as _;
        // Without it the log is what it was.
        if let Ok(mut log) = std::fs::File::options().append(true).open(&self.errors) {
            let _ = writeln!(log, "{line}");
        }
    }
}

fn text(answer: &Value, field: &str) -> Outcome<String> {
    let text = answer[field].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| Trouble::Refused(format!("no {field} in {answer}")))
}
