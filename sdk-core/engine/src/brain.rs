//! What the engine holds in memory: nothing that a crash may not take.
//!
//! Each field is either a copy of rows, or about the connection of this very process. `open` makes
//! all of it anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use fulmar_protocol::{
    ContentHash, HistoryPage, Limits, Message, OperationKey, Position, SearchQuery, Secret,
    SubmitId, UserId,
};

use crate::auth::Auth;
use crate::connection::Link;
use crate::deadline::Deadlines;
use crate::downloads::Downloads;
use crate::effect::{CommandId, ConnectionState, RequestId, SessionState, SocketId};
use crate::inbox::follow::Follow;
use crate::input::{AppState, NetworkState, ProvidedToken};
use crate::outbox::delivery::Deliveries;
use crate::outbox::upload::Uploads;
use crate::presence::Known;
use crate::store::account::Account;
use crate::store::runs::Run;
use crate::store::{LaneId, UploadKey, Vault};
use crate::time::{Mono, Now};
use crate::typing::Signals;

pub(crate) struct Brain {
    pub(crate) account: Account,
    pub(crate) link: Link,
    pub(crate) auth: Auth,
    pub(crate) follow: Follow,
    /// What is asked of the server over HTTP or of the token provider, and with which token.
    pub(crate) requests: BTreeMap<RequestId, (Purpose, Option<Secret>)>,
    pub(crate) submits: BTreeMap<SubmitId, Flight>,
    pub(crate) deliveries: Deliveries,
    pub(crate) uploads: Uploads,
    pub(crate) downloads: Downloads,
    pub(crate) typing: Signals,
    pub(crate) presence: Known,
    pub(crate) deadlines: Deadlines,
    pub(crate) network: NetworkState,
    pub(crate) app: AppState,
    pub(crate) limits: Limits,
    /// One operation per submit until one succeeds, after a whole submit was refused: so the
    /// refusal lands on the operation that deserves it.
    pub(crate) one_by_one: bool,
    /// Which lanes the store says rest, and until when.
    pub(crate) shown_resting: BTreeMap<LaneId, Mono>,
    pub(crate) shown_connection: Option<ConnectionState>,
    pub(crate) shown_session: Option<SessionState>,
    /// What seals the tokens in the store.
    pub(crate) vault: Option<Arc<dyn Vault>>,
    /// How many messages came in since it was last looked whether there are too many.
    pub(crate) arrived: u32,
    last_number: u64,
}

/// What a request is for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    SignIn {
        command: CommandId,
    },
    Refresh,
    /// The first token of a session with a token provider.
    FirstToken {
        command: CommandId,
        user_id: UserId,
    },
    /// Whose token it is.
    Me {
        command: CommandId,
        user_id: UserId,
        token: ProvidedToken,
    },
    /// The next token of a session with a token provider.
    NextToken,
    SignOut,
    Submit(SubmitId),
    Events,
    Snapshot,
    History {
        /// Everyone who asked for the same.
        commands: Vec<CommandId>,
        asked: PageAsked,
        freshness: Freshness,
    },
    Search {
        command: CommandId,
        query: SearchQuery,
        cursor: Option<String>,
        freshness: Freshness,
    },
    /// Whoever asked is told the answer, and nothing else comes of it.
    Tell {
        command: CommandId,
    },
    Blocks {
        command: CommandId,
    },
    DeleteAccount {
        command: CommandId,
    },
    Upload {
        upload: UploadKey,
    },
    EndUpload,
    Download {
        content: ContentHash,
    },
}

/// Whether what was asked for can still be taken as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Fresh,
    /// It may tell of messages as they were before a change that nobody here remembers.
    Outdated,
}

/// A page of history that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageAsked {
    pub(crate) run: Run,
    pub(crate) page: HistoryPage,
}

impl PageAsked {
    /// Whether a message can be part of the answer.
    pub(crate) fn covers(&self, message: &Message) -> bool {
        let place = match self.run.thread {
            None => Some(message.position),
            Some(root) if message.operation_key == root => Some(Position::ZERO),
            Some(root) => message
                .thread_position
                .filter(|_| message.content.thread_root == Some(root)),
        };
        match self.page {
            HistoryPage::Before(before) => place.is_some_and(|place| place < before),
            HistoryPage::After(after) => place.is_some_and(|place| place > after),
            HistoryPage::Around(_) => place.is_some(),
        }
    }
}

/// A submit that nobody has answered yet.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) route: Route,
    pub(crate) operations: Vec<(OperationKey, LaneId)>,
    /// Where it tells of deliveries, which are not in the outbox.
    pub(crate) deliveries: Vec<LaneId>,
}

/// How a submit went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Socket(SocketId),
    Http,
}

impl Brain {
    pub(crate) fn new(account: Account, vault: Option<Arc<dyn Vault>>, now: Now) -> Self {
        Self {
            auth: Auth::of(account.tokens.as_ref(), now),
            account,
            link: Link::default(),
            follow: Follow::default(),
            requests: BTreeMap::new(),
            submits: BTreeMap::new(),
            deliveries: Deliveries::default(),
            uploads: Uploads::default(),
            downloads: Downloads::default(),
            typing: Signals::default(),
            presence: Known::default(),
            deadlines: Deadlines::default(),
            network: NetworkState::default(),
            app: AppState::default(),
            limits: Limits::default(),
            one_by_one: false,
            shown_resting: BTreeMap::new(),
            shown_connection: None,
            shown_session: None,
            vault,
            arrived: 0,
            last_number: 0,
        }
    }

    /// A number that this process has not used for a socket, request, submit or ping.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
