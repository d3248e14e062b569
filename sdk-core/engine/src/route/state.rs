//! The machines of one engine. Nothing in here may outlive the process: `open` makes all of it from the rows.

use fulmar_protocol::{LogId, Seq};

use crate::cache::Cache;
use crate::cleaning::Cleaning;
use crate::io::{ConnectionState, SessionState};
use crate::link::Link;
use crate::live::presence::Presence;
use crate::live::typing::TypingSignals;
use crate::online::Online;
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::requests::Requests;
use crate::session::Session;
use crate::store::Result;
use crate::store::remains::Owed;
use crate::sync::Sync;
use crate::time::Now;
use crate::timer::{Timed, Timeout, Timer};
use crate::transfer::downloads::Downloads;
use crate::transfer::uploads::Uploads;
use crate::tx::Tx;

/// The machines of one engine.
pub(crate) struct State {
    pub(super) session: Session,
    pub(super) link: Link,
    pub(super) sync: Sync,
    pub(super) outbox: Outbox,
    pub(super) uploads: Uploads,
    pub(super) downloads: Downloads,
    pub(super) typing: TypingSignals,
    pub(super) presence: Presence,
    pub(super) online: Online,
    pub(super) cache: Cache,
    pub(super) cleaning: Cleaning,
    pub(super) requests: Requests,
    pub(super) pace: Pace,
    pub(super) shown: Shown,
}

/// What the driver was told last.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) connection: Option<ConnectionState>,
    pub(super) session: Option<SessionState>,
}

impl State {
    pub(crate) fn of(tx: &Tx<'_>, session: Session, pace: Pace) -> Result<Self> {
        Ok(Self {
            session,
            link: Link::default(),
            sync: Sync::of(tx)?,
            outbox: Outbox::of(tx)?,
            uploads: Uploads::default(),
            downloads: Downloads::default(),
            typing: TypingSignals::default(),
            presence: Presence::default(),
            online: Online::default(),
            cache: Cache::default(),
            cleaning: Cleaning::default(),
            requests: Requests::default(),
            pace,
            shown: Shown::default(),
        })
    }

    /// The transaction is stored.
    pub(crate) fn committed(&mut self) {
        self.pace.commit();
    }

    /// It was cleaned, and so much is owed still.
    pub(crate) fn cleaned(&mut self, owed: Owed, now: Now) {
        self.cleaning.cleaned(owed, now);
    }

    /// The store did not take it.
    pub(crate) fn not_cleaned(&mut self, now: Now) {
        self.cleaning.failed(now);
    }

    /// How often what came to nothing was tried, as far as that is stored.
    pub(crate) fn into_pace(self) -> Pace {
        self.pace.committed()
    }

    /// Whose store this is; also after the server has ended the session.
    pub(crate) fn owner(&self) -> Option<&fulmar_protocol::UserId> {
        self.session.owner()
    }

    /// How far the log was followed, and which.
    pub(crate) fn followed(&self) -> (Option<LogId>, Seq) {
        self.sync.position()
    }

    /// The connection, as the driver was told last.
    pub(crate) fn connection(&self) -> ConnectionState {
        self.shown.connection.clone().unwrap_or_default()
    }

    fn timed(&self) -> [&dyn Timed; 10] {
        [
            &self.session,
            &self.link,
            &self.sync,
            &self.outbox,
            &self.uploads,
            &self.downloads,
            &self.typing,
            &self.cache,
            &self.cleaning,
            &self.requests,
        ]
    }

    /// How many entries the collections of each machine have.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> Vec<(&'static str, usize)> {
        let timers = self.timed().into_iter().map(|it| it.timers().len());
        vec![
            ("timers", timers.sum()),
            ("session", self.session.kept()),
            ("outbox", self.outbox.kept()),
            ("uploads", self.uploads.kept()),
            ("downloads", self.downloads.kept()),
            ("typing", self.typing.kept()),
            ("presence", self.presence.kept()),
            ("online", self.online.kept()),
            ("requests", self.requests.kept()),
            ("pace", self.pace.kept()),
        ]
    }

    /// The earliest timer of all machines.
    pub(crate) fn next_timeout(&self) -> Option<Timeout> {
        let earliest = self.timed().into_iter().filter_map(|it| it.timers().next());
        earliest.min_by_key(|timeout| (timeout.at, timeout.timer))
    }

    /// A timer has come.
    pub(super) fn clear_timer(&mut self, timer: Timer) {
        let owner: &mut dyn Timed = match timer {
            Timer::RefreshToken | Timer::TellSignOut => &mut self.session,
            Timer::Reconnect
            | Timer::ReadyMissing
            | Timer::Heartbeat
            | Timer::PongMissing
            | Timer::SocketProven
            | Timer::Poll => &mut self.link,
            Timer::FetchAgain => &mut self.sync,
            Timer::OutcomeMissing(_)
            | Timer::SubmitAgain
            | Timer::TellDelivered
            | Timer::LaneRetry(_) => &mut self.outbox,
            Timer::UploadAgain(_) => &mut self.uploads,
            Timer::DownloadAgain(_) => &mut self.downloads,
            Timer::TypingIdle(_) | Timer::TypingExpires(_) => &mut self.typing,
            Timer::Index => &mut self.cache,
            Timer::Clean => &mut self.cleaning,
            Timer::AnswerMissing(_) => &mut self.requests,
        };
        owner.timers_mut().clear(timer);
    }
}
