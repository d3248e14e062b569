//! What comes in over the socket: `ready`, events, resets, and how far the log goes (PROTOCOL.md §3.3, §3.5,
//! §6.1).

use fulmar_protocol::{Event, LogId, Seq};

use super::apply::Applying;
use super::{Missing, SocketLog, Sync, SyncNews};
use crate::defects::{self, Defect};
use crate::facts::Own;
use crate::store::{Result, log};
use crate::tx::Tx;

impl Sync {
    /// A socket is open. The server sends by itself what was missed of the log that it names.
    pub(crate) fn connected(&mut self, log_id: LogId, head: Seq) -> SyncNews {
        if self.log_id.as_ref() == Some(&log_id) {
            self.known_head = head;
        } else {
            self.need_snapshot();
        }
        self.socket = Some(SocketLog { log_id, head });
        SyncNews::DeliveriesUnknown
    }

    /// The server cannot send what was missed.
    pub(crate) fn reset(&mut self, log_id: LogId, head: Seq) {
        self.socket = Some(SocketLog { log_id, head });
        if !defects::active(Defect::IgnoresReset) {
            self.need_snapshot();
        }
    }

    /// Events came in over the socket.
    pub(crate) fn events_arrived(
        &mut self,
        tx: &mut Tx<'_>,
        own: Own<'_>,
        events: &[Event],
    ) -> Result<Vec<SyncNews>> {
        let last = events.last().map_or(Seq::ZERO, |event| event.seq);
        if let Some(socket) = &mut self.socket {
            socket.head = socket.head.max(last);
        }
        // What belongs to another log says nothing about this one.
        if !self.socket_follows_this_log() {
            return Ok(Vec::new());
        }
        self.known_head = self.known_head.max(last);
        // While something is being fetched, what comes in meanwhile is part of the next fetch.
        if self.missing != Missing::Nothing {
            return Ok(Vec::new());
        }
        let (whole, news) = self.apply_contiguous(tx, own, events)?;
        if !whole {
            self.need_events();
        }
        Ok(news)
    }

    /// A pong says how far the log goes: over one socket events come before the pong that counts them, so
    /// anything missing then was lost.
    pub(crate) fn head_seen(&mut self, head: Seq) {
        if let Some(socket) = &mut self.socket {
            socket.head = socket.head.max(head);
        }
        if self.socket_follows_this_log() {
            if head > self.cursor {
                self.known_head = self.known_head.max(head);
                self.need_events();
            } else if self.missing == Missing::Nothing {
                // Nothing is missing, whatever was said before.
                self.known_head = self.cursor;
            }
        }
    }

    pub(super) fn socket_follows_this_log(&self) -> bool {
        let followed = self.socket.as_ref().map(|socket| &socket.log_id);
        followed.is_some() && followed == self.log_id.as_ref()
    }

    /// Applies the events that come right after the cursor; false when there is a hole.
    pub(super) fn apply_contiguous(
        &mut self,
        tx: &mut Tx<'_>,
        own: Own<'_>,
        events: &[Event],
    ) -> Result<(bool, Vec<SyncNews>)> {
        let before = self.cursor;
        let mut whole = true;
        let mut applying = Applying::new(tx, own);
        for event in events {
            if event.seq <= self.cursor && !defects::active(Defect::ApplyTwice) {
                continue;
            }
            if event.seq > self.cursor.next() && !defects::active(Defect::IgnoreGaps) {
                whole = false;
                break;
            }
            applying.event(event, self.log_id.as_ref())?;
            self.cursor = event.seq;
        }
        let mut news = applying.news;
        if self.cursor != before {
            log::set_cursor(&tx.db, self.cursor)?;
            if self.moved_on() {
                news.push(SyncNews::Progress);
            }
            news.push(SyncNews::ToldUpTo(self.cursor));
        }
        Ok((whole, news))
    }
}
