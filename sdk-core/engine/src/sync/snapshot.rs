//! A snapshot replaces what the server knows, and keeps what it does not: everything unsent stays
//! (PROTOCOL.md §6.3).

use std::collections::BTreeSet;

use fulmar_protocol::{Seq, Snapshot};

use super::apply::Applying;
use super::{Missing, Sync, SyncNews};
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::facts::Own;
use crate::store::{ConversationKey, Result, conversations, log, messages, reading, unreadable};
use crate::tx::Tx;

impl Sync {
    pub(super) fn snapshot_fetched(
        &mut self,
        tx: &mut Tx<'_>,
        own: Own<'_>,
        snapshot: &Snapshot,
        config: &Config,
    ) -> Result<Vec<SyncNews>> {
        let known = self.log_id.as_ref();
        let another_log = known.is_some_and(|known| *known != snapshot.log_id)
            && !defects::active(Defect::LostStays);
        let first = known.is_none();
        let mut news = Self::apply_snapshot(tx, own, snapshot, another_log)?;
        log::set_log(&tx.db, &snapshot.log_id, snapshot.seq)?;
        Self::snapshot_replaces_quarantine(tx, &snapshot.log_id, snapshot.seq)?;
        self.log_id = Some(snapshot.log_id.clone());
        self.cursor = snapshot.seq;
        reading::forget_pushes(&tx.db)?;
        let news_of_it = (self.moved_on() && !another_log) || first;
        // What was seen of another log says nothing about this one.
        self.known_head = snapshot.seq;
        self.missing = Missing::Nothing;
        match &self.socket {
            Some(socket) if socket.log_id == snapshot.log_id => {
                self.known_head = socket.head.max(snapshot.seq);
                if socket.head > snapshot.seq {
                    self.missing = Missing::Events;
                }
            }
            Some(_) => news.push(SyncNews::OtherLog),
            None => {}
        }
        // Logs that take turns bring no progress, however new each of them is.
        if news_of_it {
            self.failures = 0;
            news.push(SyncNews::Progress);
        } else {
            self.rest(tx, None, config);
        }
        news.push(SyncNews::ToldUpTo(snapshot.seq));
        news.push(SyncNews::DeliveriesUnknown);
        Ok(news)
    }

    fn apply_snapshot(
        tx: &mut Tx<'_>,
        own: Own<'_>,
        snapshot: &Snapshot,
        another_log: bool,
    ) -> Result<Vec<SyncNews>> {
        let mut present = BTreeSet::new();
        let mut applying = Applying::new(tx, own);
        if another_log {
            messages::forget_revisions(&applying.tx.db)?;
            applying.news.push(SyncNews::ToldUpTo(Seq(i64::MAX as u64)));
            applying.news.push(SyncNews::LogReplaced);
        }
        unreadable::forget_of_snapshots(&applying.tx.db)?;
        for view in &snapshot.conversations {
            let key = if another_log {
                applying.conversation_of_another_log(view)?
            } else {
                applying.conversation(view)?
            };
            // In the same log, what lies beyond the snapshot is newer than it: an outcome that came while
            // it was on its way.
            if another_log || defects::active(Defect::SnapshotWins) {
                messages::delete_after(&applying.tx.db, key, view.last_position)?;
            }
            present.insert(key);
        }
        let mut nameless = false;
        for view in snapshot.conversations.set_aside() {
            tracing::warn!(reason = %view.reason, "conversation set aside");
            unreadable::add_of_snapshot(&applying.tx.db, view, applying.tried())?;
            match view.field("conversationId") {
                Some(id) => present.extend(conversations::find(&applying.tx.db, &id)?),
                None => nameless = true,
            }
        }
        // Any that is missing may be one that has no name.
        if !nameless {
            for key in Self::may_be_gone(applying.tx, snapshot.seq, another_log)? {
                if !present.contains(&key) {
                    applying.left(key)?;
                }
            }
        }
        applying.blocks(&snapshot.blocked)?;
        Ok(applying.news)
    }

    /// One that only an outcome told of may be newer than the snapshot.
    fn may_be_gone(tx: &Tx<'_>, seq: Seq, another_log: bool) -> Result<Vec<ConversationKey>> {
        if another_log {
            conversations::told(&tx.db)
        } else {
            conversations::known_by(&tx.db, seq)
        }
    }
}
