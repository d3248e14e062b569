//! Who has to hear what: one exhaustive match for each machine's news.

use fulmar_protocol::{OperationsAnswer, Ready};

use super::{News, Route, acting, effort_of};
use crate::cache::CacheNews;
use crate::io::{Reply, RequestId, WaitReason};
use crate::link::LinkNews;
use crate::online::OnlineNews;
use crate::outbox::{Outbox, OutboxNews};
use crate::pace::Effort;
use crate::session::SessionNews;
use crate::store::Result;
use crate::sync::{Sync, SyncNews, Told};
use crate::transfer::uploads::{UploadNews, Uploads};

impl Route<'_, '_> {
    pub(super) fn deliver(&mut self, news: News) -> Result<()> {
        match news {
            News::Link(news) => self.of_link(news),
            News::Session(news) => self.of_session(news),
            News::Sync(news) => self.of_sync(news),
            News::Outbox(news) => self.of_outbox(news),
            News::Upload(news) => self.of_upload(news),
            News::Online(news) => self.of_online(news),
            News::Cache(CacheNews::Evicted) => {
                self.state.online.outdate();
                Ok(())
            }
        }
    }

    fn of_link(&mut self, news: LinkNews) -> Result<()> {
        let Self {
            tx, state, config, ..
        } = self;
        let own = state.session.owner();
        match news {
            LinkNews::Opened(ready) => {
                if self.took_ready(&ready)? {
                    self.state.outbox.retry_now();
                    self.state.uploads.retry_now();
                    self.state.downloads.retry_now();
                }
            }
            LinkNews::ReadyAgain(ready) => {
                self.took_ready(&ready)?;
            }
            LinkNews::Lost => {
                state.outbox.socket_lost(tx)?;
                state.sync.socket_lost();
                state.typing.forget(tx);
                state.presence.forget(tx);
            }
            LinkNews::TokenRejected(token) => state.session.token_rejected(&token),
            LinkNews::CameBack => self.act()?,
            LinkNews::PollDue => state.sync.need_events(),
            LinkNews::Proven => {
                state.pace.refund(Effort::Connection);
                state.session.made_progress();
            }
            LinkNews::Events(events) => {
                let news = state.sync.events_arrived(tx, own, &events)?;
                self.hear_sync(news);
            }
            LinkNews::Reset(reset) => state.sync.reset(reset.log_id, reset.head),
            LinkNews::Head(head) => state.sync.head_seen(head),
            LinkNews::Outcomes(frame) => {
                if let Ok(acting) = acting(own, config) {
                    let answer = OperationsAnswer {
                        log_id: frame.log_id,
                        outcomes: frame.outcomes,
                    };
                    state
                        .outbox
                        .outcomes_arrived(tx, frame.submit_id, answer, acting)?;
                }
            }
            LinkNews::SubmitRefused(submit, problem) => {
                state
                    .outbox
                    .submit_refused(tx, submit, Some(&problem), config)?;
            }
            LinkNews::Presence(frame) => state.presence.heard(tx, frame),
            LinkNews::Typing(typing) => state.typing.heard(tx, typing, own)?,
        }
        Ok(())
    }

    /// What the server says of itself is taken, unless it speaks of somebody else.
    fn took_ready(&mut self, ready: &Ready) -> Result<bool> {
        let Self {
            tx, state, config, ..
        } = self;
        if state.session.owner() != Some(&ready.user_id) {
            let reason = "ready is for another user".to_owned();
            let news = state
                .link
                .close(tx, WaitReason::ProtocolBroken { reason }, config);
            self.hear_link(news);
            return Ok(false);
        }
        state.outbox.connected(tx, ready)?;
        let news = state.sync.connected(ready.log_id.clone(), ready.head);
        self.hear_sync([news]);
        Ok(true)
    }

    /// The app did something that may have changed what failed: waits are cut short, but not too often.
    pub(super) fn act(&mut self) -> Result<()> {
        let now = self.tx.now.mono;
        if !self.state.pace.act(now) {
            return Ok(());
        }
        self.give_up_overdue()?;
        let state = &mut *self.state;
        state.link.retry_now();
        state.session.retry_now(now);
        state.sync.retry_now();
        state.outbox.retry_now();
        state.uploads.retry_now();
        state.downloads.retry_now();
        Ok(())
    }

    /// What the engine asked by itself, and waits for only because answers were late before, counts as lost.
    fn give_up_overdue(&mut self) -> Result<()> {
        for (request, owner) in self.state.requests.overdue(self.tx.now.mono) {
            // What the app asked for, somebody waits for.
            if effort_of(owner).is_some() {
                self.answer_missing(request)?;
            }
        }
        let Self {
            tx, state, config, ..
        } = self;
        if state.link.is_overdue(tx.now.mono, config) {
            let news = state.link.silent(tx, config);
            self.hear_link(news);
        }
        Ok(())
    }

    fn of_session(&mut self, news: SessionNews) -> Result<()> {
        match news {
            SessionNews::Renewed(token) => {
                self.state.link.token_renewed(&mut self.tx, &token);
                Ok(())
            }
            SessionNews::Ended => {
                let awaited = self.state.online.stop_but_for_deletion(&mut self.tx);
                self.stop_all_but(awaited)
            }
            SessionNews::Replaced(command, session) => {
                self.stop_everything()?;
                self.state.session.wipe(&mut self.tx)?;
                self.forget_rows()?;
                let tx = &mut self.tx;
                let news = self.state.session.begin(tx, command, &session)?;
                self.hear_session(news);
                Ok(())
            }
        }
    }

    /// The session is over: nothing is connected, fetched, sent or awaited any more.
    pub(super) fn stop_everything(&mut self) -> Result<()> {
        self.state.online.stop(&mut self.tx);
        self.stop_all_but(None)
    }

    fn stop_all_but(&mut self, awaited: Option<RequestId>) -> Result<()> {
        let Self { tx, state, .. } = self;
        if state.link.reset(tx) {
            state.typing.forget(tx);
            state.presence.forget(tx);
        }
        state.outbox.stop(tx)?;
        state.downloads.stop(tx);
        state.uploads = Uploads::default();
        state.requests.cancel_all_but(tx, awaited);
        state.sync = Sync::of(tx)?;
        Ok(())
    }

    /// The store was emptied: what machines know of its rows is as in a new one.
    pub(super) fn forget_rows(&mut self) -> Result<()> {
        self.state.sync = Sync::of(&self.tx)?;
        Ok(())
    }

    fn of_sync(&mut self, news: SyncNews) -> Result<()> {
        let Self {
            tx, state, config, ..
        } = self;
        match news {
            SyncNews::Progress => {
                state.session.made_progress();
                let news = state.link.prove();
                self.hear_link(news);
            }
            SyncNews::Confirmed(message) => state.outbox.confirmed(tx, message)?,
            SyncNews::ToldUpTo(seq) => state.outbox.told_up_to(tx, seq)?,
            SyncNews::Delivered(key) => state.outbox.delivered(tx, key),
            SyncNews::Wrote(key, writer) => state.typing.message_of(tx, key, &writer),
            SyncNews::Left(key) => state.outbox.left(tx, key.lane())?,
            SyncNews::PagesOutdated => state.online.outdate(),
            SyncNews::Stored => state.cache.stored(),
            SyncNews::DeliveriesUnknown => {
                state.outbox.find_deliveries(tx, state.session.owner())?;
            }
            SyncNews::BlocksTold => state.online.blocks_told(),
            SyncNews::LogReplaced => Outbox::log_replaced(tx)?,
            SyncNews::OtherLog => {
                let reason = "the socket follows another log".to_owned();
                let reason = WaitReason::ProtocolBroken { reason };
                let news = state.link.close(tx, reason, config);
                self.hear_link(news);
            }
        }
        Ok(())
    }

    fn of_outbox(&mut self, news: OutboxNews) -> Result<()> {
        let online = self.online();
        let Self {
            tx, state, config, ..
        } = self;
        match news {
            OutboxNews::Progress => {
                state.session.made_progress();
                let news = state.link.prove();
                self.hear_link(news);
            }
            OutboxNews::Silent => {
                let news = state.link.silent(tx, config);
                self.hear_link(news);
            }
            OutboxNews::SocketTokenRejected => {
                if let Some(token) = state.link.socket_token() {
                    state.session.token_rejected(&token);
                }
            }
            OutboxNews::Applied(lane, message) => {
                self.tell(Told::Messages(lane.conversation(), vec![*message]))?;
            }
            OutboxNews::Created(lane, view, seq) => self.tell(Told::Created(lane, view, seq))?,
            OutboxNews::AnotherLog => state.sync.answered_by_another_log(),
            OutboxNews::FilesMissing(message) => state.uploads.begin_anew(tx, message)?,
            OutboxNews::Abandoned(files) => state.uploads.abandoned(tx, files, &online),
            OutboxNews::Wrote(lane) => state.typing.own_message(lane.conversation()),
        }
        Ok(())
    }

    fn of_upload(&mut self, news: UploadNews) -> Result<()> {
        let Self { tx, state, .. } = self;
        match news {
            UploadNews::Progress => {
                state.session.made_progress();
                Ok(())
            }
            UploadNews::Moved(message) => state.outbox.file_moved(tx, message),
            UploadNews::Failed(message, reason) => state.outbox.file_failed(tx, message, &reason),
        }
    }

    fn of_online(&mut self, news: OnlineNews) -> Result<()> {
        match news {
            OnlineNews::Page {
                conversation,
                messages,
                unreadable,
            } => {
                self.tell(Told::Messages(conversation, messages))?;
                self.tell(Told::Unreadable(unreadable))
            }
            OnlineNews::Found(messages) => self.tell(Told::Anywhere(messages)),
            OnlineNews::Blocks(users) => self.tell(Told::Blocks(users)),
            OnlineNews::AccountDeleted(command) => {
                self.stop_everything()?;
                self.state.session.wipe(&mut self.tx)?;
                self.forget_rows()?;
                self.tx.reply(command, Ok(Reply::Done));
                Ok(())
            }
        }
    }

    /// Writes what an answer told.
    fn tell(&mut self, told: Told) -> Result<()> {
        let own = self.state.session.owner();
        let news = Sync::told(&mut self.tx, own, told)?;
        self.hear_sync(news);
        Ok(())
    }
}
