//! What a download can be, what can happen to it, and how a test brings it there. The table is in `table.rs`.

use fulmar_protocol::Code;

use super::*;
use crate::testing::every;
use crate::tx::Tx;

const NOBODY: RequestId = RequestId(u64::MAX);

/// Where the tests begin: of a file of ten million bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    Unwanted,
    Wanted,
    Fetching,
    /// A part of it is here, and the next one is on its way.
    FetchingMore,
    Resting,
    /// It has come whole and damaged, and comes once more.
    FetchingAgain,
}

/// What can happen to a download.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Input {
    Want,
    WantEmpty,
    Cancel,
    CancelOfAnother,
    Stop,
    RetryNow,
    Reconcile,
    ReconcileLater,
    ReconcileWithoutToken,
    Part,
    NothingNew,
    All,
    MoreThanAll,
    Refused,
    TokenRefused,
    ServerError,
    Foreign,
    Unreachable,
    FileLost,
    Damaged,
    Disk,
}

/// What comes back for a part that was asked for.
pub(super) fn back(input: Input) -> Option<Result<u64, TransferFailure>> {
    let refused = |code| Err(TransferFailure::Request(problem(code)));
    Some(match input {
        Input::Part => Ok(6_000),
        Input::NothingNew => Ok(0),
        Input::All => Ok(SIZE),
        Input::MoreThanAll => Ok(u64::MAX),
        Input::Refused => refused(Code::ParamsInvalid),
        Input::TokenRefused => refused(Code::TokenExpired),
        Input::ServerError => refused(Code::ServerError),
        Input::Foreign => Err(TransferFailure::Request(foreign(200))),
        Input::Unreachable => Err(TransferFailure::Request(unreachable())),
        Input::FileLost => Err(TransferFailure::FileLost),
        Input::Damaged => Err(TransferFailure::Damaged),
        Input::Disk => Err(TransferFailure::Disk("x".to_owned())),
        Input::Want
        | Input::WantEmpty
        | Input::Cancel
        | Input::CancelOfAnother
        | Input::Stop
        | Input::RetryNow
        | Input::Reconcile
        | Input::ReconcileLater
        | Input::ReconcileWithoutToken => return None,
    })
}

impl Quay {
    fn step(&mut self, step: impl FnOnce(&mut Downloads, &mut Tx<'_>)) -> Step<DownloadNews> {
        let downloads = &mut self.downloads;
        self.bench.run(|tx| {
            step(downloads, tx);
            DownloadNews::Nothing
        })
    }

    pub(super) fn under_way(&self) -> RequestId {
        self.downloads.asks.keys().next().copied().unwrap_or(NOBODY)
    }

    pub(super) fn happens(&mut self, input: Input) -> Step<DownloadNews> {
        if let Some(back) = back(input) {
            return self.answer(self.under_way(), back);
        }
        let token = Secret::new("token");
        let later = Gate::ClosedUntil(self.bench.now().mono.plus(Duration::from_secs(9)));
        let wanted = |asker, size| Wanted {
            id: DownloadId(asker),
            command: CommandId(asker),
            file_id: FileId::new("f").unwrap(),
            content: content(1),
            size,
            have: 0,
        };
        self.step(|downloads, tx| match input {
            Input::Want => downloads.want(tx, wanted(2, SIZE)),
            Input::WantEmpty => downloads.want(tx, wanted(2, 0)),
            Input::Cancel => downloads.cancel(tx, DownloadId(1)),
            Input::CancelOfAnother => downloads.cancel(tx, DownloadId(900)),
            Input::Stop => downloads.stop(tx),
            Input::RetryNow => downloads.retry_now(),
            Input::Reconcile => downloads.reconcile(tx, Some(&token), Gate::OPEN),
            Input::ReconcileLater => downloads.reconcile(tx, Some(&token), later),
            Input::ReconcileWithoutToken => downloads.reconcile(tx, None, Gate::OPEN),
            other => panic!("{other:?} comes back"),
        })
    }

    /// The state, in short: who wants it, how much is here, whether more is asked for, and whether it waits.
    pub(super) fn state(&self) -> String {
        let download = self.downloads.wanted.get(&content(1));
        let wanted = download.map_or("unwanted".to_owned(), |download| {
            let askers = download.askers.len();
            let damaged = if download.damaged > 0 { " damaged" } else { "" };
            format!("{askers}:{}{damaged}", download.received)
        });
        let asked = download.is_some_and(|download| download.under_way.is_some());
        assert_eq!(self.downloads.asks.len(), usize::from(asked));
        let asked = if asked { " part" } else { "" };
        let waits = if self.rests() { " waits" } else { "" };
        format!("{wanted}{asked}{waits}")
    }
}

/// What others are told, in short.
pub(super) fn said(step: &Step<DownloadNews>) -> String {
    let news = match step.result {
        DownloadNews::Progress => " +progress",
        DownloadNews::Nothing => "",
    };
    let effects = step.effects.iter().map(|effect| match effect {
        Effect::Downloading { state, .. } => match state {
            DownloadState::Waiting => " waiting",
            DownloadState::Receiving => " receiving",
        },
        Effect::DownloadEnded { .. } => " ended",
        Effect::CancelRequest { .. } => " off",
        Effect::FetchChunk { .. } => "",
        other => panic!("{other:?}"),
    });
    let replies = step.replies.iter().map(|(_, reply)| match reply {
        Ok(_) => " =done",
        Err(CommandError::Refused { .. }) => " =refused",
        Err(CommandError::FileDamaged) => " =damaged",
        Err(CommandError::Store { .. }) => " =store",
        Err(CommandError::SignedOut) => " =signedOut",
        Err(other) => panic!("{other:?}"),
    });
    let rest: String = effects.chain(replies).collect();
    format!("{news}{rest}")
}

/// Brings a download there.
pub(super) fn bring(quay: &mut Quay, state: State) {
    quay.downloads = Downloads::default();
    if state == State::Unwanted {
        return;
    }
    quay.want_of(1, 1, SIZE, 0);
    let inputs: &[Input] = match state {
        State::Unwanted | State::Wanted => &[],
        State::Fetching => &[Input::Reconcile],
        State::FetchingMore => {
            quay.fetch(Ok(5_000));
            &[Input::Reconcile]
        }
        State::Resting => &[Input::Reconcile, Input::Unreachable],
        State::FetchingAgain => &[Input::Reconcile, Input::Damaged, Input::Reconcile],
    };
    for input in inputs {
        quay.happens(*input);
    }
}

#[rustfmt::skip]
pub(super) fn states() -> [State; 6] {
    every!(State {
        State::Unwanted => [State::Unwanted],
        State::Wanted => [State::Wanted],
        State::Fetching => [State::Fetching],
        State::FetchingMore => [State::FetchingMore],
        State::Resting => [State::Resting],
        State::FetchingAgain => [State::FetchingAgain],
    })
}

#[rustfmt::skip]
pub(super) fn inputs() -> [Input; 21] {
    every!(Input {
        Input::Want => [Input::Want],
        Input::WantEmpty => [Input::WantEmpty],
        Input::Cancel => [Input::Cancel],
        Input::CancelOfAnother => [Input::CancelOfAnother],
        Input::Stop => [Input::Stop],
        Input::RetryNow => [Input::RetryNow],
        Input::Reconcile => [Input::Reconcile],
        Input::ReconcileLater => [Input::ReconcileLater],
        Input::ReconcileWithoutToken => [Input::ReconcileWithoutToken],
        Input::Part => [Input::Part],
        Input::NothingNew => [Input::NothingNew],
        Input::All => [Input::All],
        Input::MoreThanAll => [Input::MoreThanAll],
        Input::Refused => [Input::Refused],
        Input::TokenRefused => [Input::TokenRefused],
        Input::ServerError => [Input::ServerError],
        Input::Foreign => [Input::Foreign],
        Input::Unreachable => [Input::Unreachable],
        Input::FileLost => [Input::FileLost],
        Input::Damaged => [Input::Damaged],
        Input::Disk => [Input::Disk],
    })
}
