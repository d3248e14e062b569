//! The only place where one machine's news becomes another's call.
//!
//! A batch is handled in this order: the timers that have come, each input, and then every machine derives its
//! duties anew ([`reconcile`]). After each of these steps the news are passed on ([`pass_on`](Route::pass_on)):
//! first in, first out, in rounds, until there are none. Nothing in here knows a rule of the protocol; it only
//! knows who has to hear what.

mod answer;
mod command;
mod deliver;
mod reconcile;
mod show;
mod state;

use std::collections::VecDeque;
use std::time::Duration;

use fulmar_protocol::Capability;

use crate::cache::CacheNews;
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::facts::{Channel, OnlineToken, Own};
use crate::io::{AppState, CommandError, Input, NetworkState};
use crate::link::{Link, LinkNews};
use crate::online::OnlineNews;
use crate::outbox::{Acting, Outbox, OutboxNews};
use crate::pace::Effort;
use crate::session::SessionNews;
use crate::store::Result;
use crate::sync::{Sync, SyncNews};
use crate::timer::{Timeout, Timer};
use crate::transfer::uploads::UploadNews;
use crate::tx::{Owner, Tx};

pub(crate) use state::State;

/// News of one input that are still passed on after so many rounds run in a circle: a bug.
const MOST_ROUNDS: u32 = 64;
/// What a planted defect takes for late.
const LATE: Duration = Duration::from_secs(60);

/// What one machine says to the others.
#[derive(Debug)]
enum News {
    Link(LinkNews),
    Session(SessionNews),
    Sync(SyncNews),
    Outbox(OutboxNews),
    Upload(UploadNews),
    Online(OnlineNews),
    Cache(CacheNews),
}

/// One batch on its way through the machines.
pub(crate) struct Route<'a, 'tx> {
    tx: Tx<'tx>,
    state: &'a mut State,
    config: &'a Config,
    queue: VecDeque<News>,
}

impl<'a, 'tx> Route<'a, 'tx> {
    pub(crate) fn new(tx: Tx<'tx>, state: &'a mut State, config: &'a Config) -> Self {
        Self {
            tx,
            state,
            config,
            queue: VecDeque::new(),
        }
    }

    /// The engine was just opened: what a process before this one left is taken up.
    pub(crate) fn opened(&mut self) -> Result<()> {
        let own = self.state.session.owner();
        let mut news = self.state.sync.retry_quarantine(&mut self.tx, own)?;
        news.append(&mut Sync::take_pushed(&mut self.tx, own)?);
        self.queue.extend(news.into_iter().map(News::Sync));
        let evicted = self.state.cache.evict_history(&mut self.tx, self.config)?;
        self.queue.push_back(News::Cache(evicted));
        if own.is_none() {
            // A sign-out that was cut short may have left some.
            self.tx.emit(crate::io::Effect::DropFiles);
        }
        self.pass_on()
    }

    /// Something happened.
    pub(crate) fn input(&mut self, input: Input) -> Result<()> {
        self.note_proven_token();
        match input {
            Input::Command { command, body } => self.command(command, body)?,
            Input::Socket { socket, event } => {
                let (log_id, since) = self.state.sync.position();
                let hello = |token| Link::hello(token, log_id, since);
                let tx = &mut self.tx;
                let news = self
                    .state
                    .link
                    .socket_event(tx, socket, event, hello, self.config);
                self.hear_link(news);
            }
            Input::Answer { request, result } => self.answer(request, result)?,
            Input::Transferred { request, result } => self.transferred(request, result)?,
            Input::CancelDownload(id) => self.state.downloads.cancel(&mut self.tx, id),
            Input::Token { request, result } => self.token_provided(request, result)?,
            Input::Network(network) => {
                let news = self.state.link.network_changed(&mut self.tx, network);
                self.hear_link(news);
            }
            Input::Typing {
                conversation,
                state,
            } => {
                let channel = match self.state.outbox.lacks(Capability::Typing) {
                    true => Channel::None,
                    false => self.state.link.channel(),
                };
                let typing = &mut self.state.typing;
                typing.app_said(&mut self.tx, &conversation, state, channel)?;
            }
            Input::App(app) => self.app_changed(app)?,
        }
        self.pass_on()
    }

    fn app_changed(&mut self, app: AppState) -> Result<()> {
        let news = self.state.link.app_changed(&mut self.tx, app, self.config);
        self.hear_link(news);
        match app {
            AppState::Background => {
                let cache = &mut self.state.cache;
                let evicted = cache.evict_history(&mut self.tx, self.config)?;
                self.queue.push_back(News::Cache(evicted));
            }
            AppState::Foreground => {
                let own = self.state.session.owner();
                let news = Sync::take_pushed(&mut self.tx, own)?;
                self.queue.extend(news.into_iter().map(News::Sync));
            }
        }
        Ok(())
    }

    /// The timers that have come, each once.
    pub(crate) fn timeouts(&mut self) -> Result<()> {
        while let Some(due) = self.state.next_timeout()
            && due.at <= self.tx.now.mono
        {
            if defects::active(Defect::DropsLate) && self.tx.now.mono.until(due.at) > LATE {
                self.state.clear_timer(due.timer);
                continue;
            }
            self.timeout(due)?;
            self.pass_on()?;
        }
        Ok(())
    }

    fn timeout(&mut self, due: Timeout) -> Result<()> {
        self.state.clear_timer(due.timer);
        let Self {
            tx, state, config, ..
        } = self;
        let channel = state.link.channel();
        match due.timer {
            // Reconciling does these, now that no timer holds them back.
            Timer::Reconnect
            | Timer::FetchAgain
            | Timer::SubmitAgain
            | Timer::TellDelivered
            | Timer::RefreshToken
            | Timer::TellSignOut
            | Timer::UploadAgain(_)
            | Timer::DownloadAgain(_) => {}
            Timer::ReadyMissing | Timer::PongMissing => {
                let news = state.link.silent(tx, config);
                self.hear_link(news);
            }
            Timer::Heartbeat => state.link.ping(tx, config),
            Timer::SocketProven => {
                let news = state.link.prove();
                self.hear_link(news);
            }
            Timer::Poll => {
                let queued = Outbox::has_queued(tx)?;
                let news = state.link.poll(tx, queued, config);
                self.hear_link(news);
            }
            Timer::AnswerMissing(request) => self.answer_missing(request)?,
            Timer::OutcomeMissing(submit) => state.outbox.outcome_missing(submit),
            Timer::LaneRetry(lane) => state.outbox.lane_due(lane),
            Timer::TypingIdle(key) => state.typing.stopped(tx, key, channel)?,
            Timer::TypingExpires(key) => state.typing.expired(tx, key),
            Timer::Index => state.cache.index_messages(tx)?,
            Timer::Clean => tx.clean(),
        }
        Ok(())
    }

    fn hear_link(&mut self, news: impl IntoIterator<Item = LinkNews>) {
        self.queue.extend(news.into_iter().map(News::Link));
    }

    fn hear_sync(&mut self, news: impl IntoIterator<Item = SyncNews>) {
        self.queue.extend(news.into_iter().map(News::Sync));
    }

    fn hear_session(&mut self, news: impl IntoIterator<Item = SessionNews>) {
        self.queue.extend(news.into_iter().map(News::Session));
    }

    /// Takes the news of the outbox and the requests of the transaction.
    fn collect(&mut self) {
        let news = self.state.outbox.take_news();
        self.queue.extend(news.into_iter().map(News::Outbox));
        for asked in self.tx.take_asked() {
            if let Some(effort) = effort_of(asked.owner) {
                self.state.pace.spend(effort, self.tx.now.mono);
            }
            self.state.requests.opened(&self.tx, asked, self.config);
        }
        for request in self.tx.take_called_off() {
            self.state.requests.called_off(request);
        }
    }

    /// Passes the news on, until there are none.
    fn pass_on(&mut self) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            self.collect();
            if self.queue.is_empty() {
                return Ok(());
            }
            for news in std::mem::take(&mut self.queue) {
                self.deliver(news)?;
            }
        }
        tracing::error!(left = self.queue.len(), "news run in a circle");
        debug_assert!(false, "news run in a circle: {:?}", self.queue);
        self.queue.clear();
        Ok(())
    }

    /// A token for what is asked now or not at all.
    fn online(&self) -> OnlineToken {
        if !self.state.session.signed_in() {
            return Err(CommandError::SignedOut);
        }
        if self.state.link.network() == NetworkState::Unavailable {
            let reason = "offline".to_owned();
            return Err(CommandError::Unreachable { reason });
        }
        self.state
            .session
            .usable_token(self.tx.now.mono)
            .ok_or_else(CommandError::without_token)
    }
}

/// Who does something, if anybody is signed in.
fn acting<'a>(own: Own<'a>, config: &'a Config) -> std::result::Result<Acting<'a>, CommandError> {
    let owner = own.ok_or(CommandError::SignedOut)?;
    Ok(Acting { owner, config })
}

/// From which budget a request takes, if the engine asks by itself.
fn effort_of(owner: Owner) -> Option<Effort> {
    match owner {
        Owner::Refresh => Some(Effort::Refresh),
        Owner::SignOut | Owner::Sync | Owner::Submit | Owner::Upload | Owner::Download => {
            Some(Effort::Request)
        }
        Owner::SignIn | Owner::Online => None,
    }
}
