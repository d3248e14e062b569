//! At the end of each batch every machine derives its duties anew from what is known now, in this order: the
//! token, the connection, what is missing, the cache, files, the outbox, what is to be cleaned.

use super::{News, Route, acting};
use crate::facts::Channel;
use crate::io::AppState;
use crate::link::{LinkNews, Opening, Wish};
use crate::outbox::{Outbox, Way};
use crate::pace::Effort;
use crate::store::Result;

impl Route<'_, '_> {
    pub(crate) fn reconcile(&mut self) -> Result<()> {
        self.reconcile_session()?;
        self.reconcile_link()?;
        self.reconcile_sync();
        self.collect();
        let cache = &mut self.state.cache;
        let evicted = cache.reconcile(&mut self.tx, self.config)?;
        self.queue.extend(evicted.map(News::Cache));
        self.reconcile_files()?;
        self.reconcile_outbox()?;
        self.pass_on()?;
        self.state.cleaning.reconcile(&self.tx)
    }

    /// A token that was not refused for a while is progress (PROTOCOL.md §3.9). It is looked at before anything else
    /// is: what happened now may be that it ran out.
    pub(super) fn note_proven_token(&mut self) {
        if self.state.session.proven(self.tx.now.mono) {
            self.state.pace.refund(Effort::Refresh);
            self.state.link.wait_anew();
        }
    }

    fn reconcile_session(&mut self) -> Result<()> {
        self.note_proven_token();
        let now = self.tx.now.mono;
        let refreshes = self.state.pace.gate(Effort::Refresh, now);
        let requests = self.state.pace.gate(Effort::Request, now);
        let network = self.state.link.network();
        let session = &mut self.state.session;
        session.reconcile(&mut self.tx, network, refreshes, requests, self.config)?;
        self.pass_on()
    }

    fn reconcile_link(&mut self) -> Result<()> {
        let now = self.tx.now.mono;
        let state = &mut *self.state;
        let background = state.link.app() == AppState::Background;
        let wish = Wish {
            signed_in: state.session.signed_in(),
            token: state.session.usable_token(now),
            queued: background && Outbox::has_queued(&self.tx)?,
            gate: state.pace.gate(Effort::Connection, now),
        };
        match state.link.reconcile(&mut self.tx, wish, self.config) {
            Opening::Nothing => {}
            Opening::Begun => state.pace.spend(Effort::Connection, now),
            Opening::Stopped => self.queue.push_back(News::Link(LinkNews::Lost)),
        }
        self.pass_on()
    }

    fn reconcile_sync(&mut self) {
        let now = self.tx.now.mono;
        let state = &mut *self.state;
        let gate = state.pace.gate(Effort::Request, now);
        let connected = state.link.channel().is_some();
        let token = state.session.usable_token(now).filter(|_| connected);
        state.sync.reconcile(&mut self.tx, token.as_ref(), gate);
    }

    fn reconcile_files(&mut self) -> Result<()> {
        let now = self.tx.now.mono;
        let online = self.online().ok();
        let state = &mut *self.state;
        let connected = online.as_ref().filter(|_| state.link.channel().is_some());
        let chunk_bytes = state.outbox.limits().chunk_bytes;
        let gate = state.pace.gate(Effort::Request, now);
        state
            .uploads
            .reconcile(&mut self.tx, connected, chunk_bytes, gate)?;
        self.collect();
        let state = &mut *self.state;
        let gate = state.pace.gate(Effort::Request, now);
        state
            .downloads
            .reconcile(&mut self.tx, online.as_ref(), gate);
        self.pass_on()
    }

    fn reconcile_outbox(&mut self) -> Result<()> {
        let now = self.tx.now.mono;
        let state = &mut *self.state;
        let channel = match state.sync.is_between_logs() {
            true => Channel::None,
            false => state.link.channel(),
        };
        let way = Way {
            channel,
            token: state.session.usable_token(now),
            gate: state.pace.gate(Effort::Request, now),
        };
        let acting = acting(state.session.owner(), self.config).ok();
        state.outbox.reconcile(&mut self.tx, &way, acting)
    }
}
