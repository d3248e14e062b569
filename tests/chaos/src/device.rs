//! A device: a store on a disk, a link to the server, a clock, and the process that has the store open. It remembers what
//! it was promised.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::acts::{Act, Knows, What};
use crate::clocks::Clock;
use crate::disks::Disk;
use crate::figures::Figures;
use crate::ledger::{Fate, Ledger, Promise, Refusal};
use crate::oracle::view::{list, messages, people, text};
use crate::oracle::{self, Chat, Message, Record, View};
use crate::processes::{Driver, Program};
use crate::proxy::Link;
use crate::settings::TITLES;
use crate::trouble::{Outcome, Trouble};

/// What a driver does, it does within this time, also on a machine that is busy, and after the rests of a minute that its
/// engine may have to take: one from its connections and one from its refreshes (PROTOCOL.md §3.9).
const LONGEST: Duration = Duration::from_secs(150);

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
    /// The one with which only this device reacts.
    pub(crate) emoji: &'static str,
    /// The conversations in its list, by title, with the ids by which it speaks of them.
    pub(crate) chats: BTreeMap<String, String>,
    /// What was last shown of each.
    pub(crate) shown: BTreeMap<String, Vec<Message>>,
    pub(crate) ledger: Ledger,
    /// How much was done with it.
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
        let id = text(&found, "conversation")?;
        self.chats.insert(title.to_owned(), id);
        Ok(())
    }

    /// Its user does something with it.
    pub(crate) async fn act(&mut self, rng: &mut Rng) -> Outcome {
        let act = self.draw(rng);
        match self.ask(act.request).await {
            Ok(answer) => self.answered(&act.what, &answer),
            Err(trouble @ Trouble::Refused(_)) => self.refused(&act.what, trouble).await,
            Err(trouble) => Err(trouble),
        }
    }

    /// The same, and it is killed in the middle of it.
    pub(crate) async fn act_and_die(&mut self, rng: &mut Rng) -> Outcome {
        let act = self.draw(rng);
        let Some(mut driver) = self.driver.take() else {
            return Ok(());
        };
        driver.write(&act.request).await?;
        sleep(Duration::from_micros(rng.u64(..20_000))).await;
        match (driver.kill().await?, &act.what) {
            (Some(answer), what) if answer.get("ok").is_some() => {
                self.answered(what, &answer["ok"])
            }
            (_, What::Change(promise)) => {
                self.figures.unanswered();
                self.ledger.record(promise, Fate::Unknown)
            }
            (_, What::Look { .. } | What::Search { .. } | What::List) => Ok(()),
        }
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
        for (chat, id) in self.chats.clone() {
            let Some(last) = self.ledger.own(&chat).pop() else {
                continue;
            };
            if !self.is_always_in(&chat) {
                continue;
            }
            let page = json!({ "do": "page", "conversation": id });
            let page = messages(&self.ask(page).await?)?;
            self.look(&chat, &page)?;
            // Where something is not on the page, it may be that.
            let confirmed = page.iter().filter(|message| message.position > 0);
            let could_be_off = confirmed
                .zip(1..)
                .any(|(message, place)| message.position != place);
            let last = &self.ledger.sent[last];
            let is_shown = page
                .iter()
                .any(|one| Some(&one.key) == last.promised.as_ref());
            if !could_be_off && !is_shown {
                return Err(Trouble::Broken(format!(
                    "{} does not show {last:?} after a restart, but {page:?}",
                    self.name
                )));
            }
        }
        Ok(())
    }

    /// The server has confirmed or refused everything.
    pub(crate) async fn finish(&mut self) -> Outcome {
        let finished = self.ask(json!({ "do": "finish" })).await?;
        for refused in list(&finished, "refused") {
            let id = text(refused, "conversation")?;
            let mut chats = self.chats.iter();
            let chat = chats.find(|(_, own)| **own == id);
            let chat = chat.map(|(title, _)| title.clone());
            let message = refused["message"].as_str().map(str::to_owned);
            let key = text(refused, "operation")?;
            let mut sent = self.ledger.sent.iter();
            let sent = sent.find(|sent| {
                sent.promised.as_ref() == Some(&key)
                    || sent.promised.is_some() && sent.promised == message
            });
            self.ledger.refused.push(Refusal {
                chat: sent.map(|sent| sent.chat.clone()).or(chat),
                message,
                said: refused.to_string(),
            });
        }
        Ok(())
    }

    /// All that it shows, and the drafts by conversation, once it has so many messages of each.
    pub(crate) async fn view(
        &mut self,
        server: &View,
    ) -> Outcome<(View, BTreeMap<String, String>)> {
        let rows = self.ask(json!({ "do": "list" })).await?;
        let (mut view, mut drafts) = (View::new(), BTreeMap::new());
        for row in list(&rows, "conversations") {
            let (title, id) = (text(row, "title")?, text(row, "conversation")?);
            let expected = server.get(&title).map_or(0, |chat| chat.messages.len());
            let all = json!({ "do": "timeline", "conversation": id, "messages": expected });
            let messages = messages(&self.ask(all).await?)?;
            self.look(&title, &messages)?;
            let asked = self
                .ask(json!({ "do": "people", "conversation": id }))
                .await?;
            let chat = Chat {
                unread: row["unread"].as_u64().unwrap_or_default(),
                people: people(&asked)?,
                messages,
            };
            drafts.insert(title.clone(), text(row, "draft")?);
            if view.insert(title.clone(), chat).is_some() {
                return Err(Trouble::Broken(format!(
                    "{} lists {title} twice",
                    self.name
                )));
            }
        }
        Ok((view, drafts))
    }

    /// A word finds its message, or none where that is gone.
    pub(crate) async fn finds(&mut self, word: &str, key: Option<&str>) -> Outcome {
        let found = self.ask(json!({ "do": "search", "text": word })).await?;
        let found = messages(&found)?;
        let keys: Vec<&str> = found.iter().map(|message| message.key.as_str()).collect();
        if keys == key.into_iter().collect::<Vec<_>>() {
            return Ok(());
        }
        let name = &self.name;
        Err(Trouble::Broken(format!(
            "{name} finds {keys:?} by {word}, not {key:?}"
        )))
    }

    pub(crate) fn record(&self) -> Record<'_> {
        Record {
            name: &self.name,
            user: self.user,
            emoji: self.emoji,
            ledger: &self.ledger,
        }
    }

    pub(crate) async fn ask(&mut self, request: Value) -> Outcome<Value> {
        match &mut self.driver {
            Some(driver) => driver.ask(&request, LONGEST).await,
            None => Err(Trouble::Machine(format!("{} is not open", self.name))),
        }
    }

    fn draw(&mut self, rng: &mut Rng) -> Act {
        self.number += 1;
        let knows = Knows {
            name: &self.name,
            user: self.user,
            emoji: self.emoji,
            chats: &self.chats,
            shown: &self.shown,
            ledger: &self.ledger,
            number: self.number,
        };
        knows.draw(rng)
    }

    fn answered(&mut self, what: &What, answer: &Value) -> Outcome {
        match what {
            What::Change(promise) => {
                self.figures.acknowledged(promise);
                self.ledger.record(promise, Fate::Kept(answer))?;
                if let Promise::Create { title, .. } = promise {
                    let id = text(answer, "conversation")?;
                    self.chats.insert(title.clone(), id);
                }
                Ok(())
            }
            What::Look { chat } => {
                let shown = messages(answer)?;
                self.look(chat, &shown)?;
                self.shown.insert(chat.clone(), shown);
                Ok(())
            }
            What::Search { word } => oracle::look_at_hits(&self.name, word, &messages(answer)?),
            What::List => {
                let listed = list(answer, "conversations")
                    .map(|row| Ok((text(row, "title")?, text(row, "conversation")?)));
                let listed: BTreeMap<String, String> = listed.collect::<Outcome<_>>()?;
                let mut chats = std::mem::take(&mut self.chats);
                // Others may have been removed from it.
                chats.retain(|title, _| self.is_always_in(title) || listed.contains_key(title));
                chats.extend(listed);
                self.chats = chats;
                Ok(())
            }
        }
    }

    /// On a full disk anything may be refused, and has not happened then.
    async fn refused(&mut self, what: &What, trouble: Trouble) -> Outcome {
        self.log(&trouble);
        match what {
            _ if self.disk.seems_full() => {
                self.figures.refused();
                Ok(())
            }
            What::Change(promise) => {
                self.figures.refused();
                let refusal = self.ledger.refusal(promise, trouble.to_string());
                if refusal.message.is_some() && !self.shows(&refusal).await? {
                    return Ok(());
                }
                self.ledger.refused.push(refusal);
                Ok(())
            }
            What::Look { chat } if !self.is_always_in(chat) => Ok(()),
            What::Look { .. } | What::Search { .. } | What::List => Err(trouble),
        }
    }

    /// Whether the message that could not be changed is here: after a reset of the log only the newest are.
    async fn shows(&mut self, refusal: &Refusal) -> Outcome<bool> {
        let id = refusal.chat.as_ref().and_then(|chat| self.chats.get(chat));
        let page = json!({ "do": "page", "conversation": id });
        let page = messages(&self.ask(page).await?)?;
        Ok(page
            .iter()
            .any(|one| Some(&one.key) == refusal.message.as_ref()))
    }

    fn look(&self, chat: &str, shown: &[Message]) -> Outcome {
        oracle::look(&self.name, shown)?;
        if self.is_always_in(chat) {
            oracle::look_at_own(&self.name, &self.ledger, shown)?;
        }
        Ok(())
    }

    /// Nobody removes its user from what it created, and from what was there before.
    fn is_always_in(&self, chat: &str) -> bool {
        TITLES.contains(&chat) || self.ledger.groups.contains_key(chat)
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
