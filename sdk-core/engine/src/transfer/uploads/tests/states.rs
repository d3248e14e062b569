//! What an upload can be, what can happen to it, and how a test brings it there. The table is in `table.rs`.

use super::*;
use crate::testing::every;
use crate::transfer::uploads::Ask;

const NOBODY: RequestId = RequestId(u64::MAX);

/// Where the tests begin: a message with one file of a million bytes waits in the outbox.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    New,
    Naming,
    /// Named by a process before this one.
    Named,
    Finding,
    /// Named, and the server has said how much it has.
    Known,
    Sending,
    /// The server could not be reached.
    Resting,
    Up,
    /// The message was given up while the file was being named.
    GivenUp,
}

/// What can happen to an upload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Input {
    Reconcile,
    ReconcileLater,
    ReconcileWithoutToken,
    RetryNow,
    BeginAnew,
    GiveUp,
    GiveUpOffline,
    Created,
    NothingThere,
    PartThere,
    AllThere,
    MoreThanAll,
    OtherAnswer,
    NotFound,
    DamagedThere,
    Conflict,
    TooLarge,
    Refused,
    TokenRefused,
    ServerError,
    ForeignGone,
    Foreign,
    Unreachable,
    FileLost,
    DamagedHere,
    Disk,
}

/// What comes back for what was asked: over HTTP, or from what moves bytes.
pub(super) enum Back {
    Answer(Result<Answer, RequestFailure>),
    Offset(u64),
    Here(TransferFailure),
}

pub(super) fn back(input: Input) -> Option<Back> {
    let refused = |code| Back::Answer(Err(problem(code)));
    Some(match input {
        Input::Created => Back::Answer(Ok(Answer::UploadCreated(file("f")))),
        Input::NothingThere => Back::Offset(0),
        Input::PartThere => Back::Offset(500),
        Input::AllThere => Back::Offset(SIZE),
        Input::MoreThanAll => Back::Offset(SIZE + 1),
        Input::OtherAnswer => Back::Answer(Ok(Answer::UploadEnded)),
        Input::NotFound => refused(Code::FileNotFound),
        Input::DamagedThere => refused(Code::FileDamaged),
        Input::Conflict => refused(Code::UploadConflict),
        Input::TooLarge => refused(Code::RequestTooLarge),
        Input::Refused => refused(Code::ParamsInvalid),
        Input::TokenRefused => refused(Code::TokenExpired),
        Input::ServerError => refused(Code::ServerError),
        Input::ForeignGone => Back::Answer(Err(foreign(404))),
        Input::Foreign => Back::Answer(Err(foreign(200))),
        Input::Unreachable => Back::Answer(Err(unreachable())),
        Input::FileLost => Back::Here(TransferFailure::FileLost),
        Input::DamagedHere => Back::Here(TransferFailure::Damaged),
        Input::Disk => Back::Here(TransferFailure::Disk("x".to_owned())),
        Input::Reconcile
        | Input::ReconcileLater
        | Input::ReconcileWithoutToken
        | Input::RetryNow
        | Input::BeginAnew
        | Input::GiveUp
        | Input::GiveUpOffline => return None,
    })
}

impl Dock {
    pub(super) fn under_way(&self) -> RequestId {
        self.uploads.asks.keys().next().copied().unwrap_or(NOBODY)
    }

    pub(super) fn asked(&self) -> Option<Ask> {
        self.uploads.asks.values().next().map(|(_, ask)| *ask)
    }

    pub(super) fn comes_back(
        &mut self,
        request: RequestId,
        back: Back,
        asked: Option<Ask>,
    ) -> Step<Vec<UploadNews>> {
        let sends = asked == Some(Ask::Send);
        match back {
            Back::Answer(Err(failure)) if sends => {
                self.sent(request, Err(TransferFailure::Request(failure)))
            }
            Back::Answer(result) => self.answer(request, result),
            Back::Offset(offset) if sends => self.sent(request, Ok(offset)),
            Back::Offset(offset) => self.answer(request, Ok(Answer::UploadOffset(offset))),
            Back::Here(failure) => self.sent(request, Err(failure)),
        }
    }

    fn step(
        &mut self,
        step: impl FnOnce(&mut Uploads, &mut crate::tx::Tx<'_>),
    ) -> Step<Vec<UploadNews>> {
        let uploads = &mut self.uploads;
        self.bench.run(|tx| {
            step(uploads, tx);
            Vec::new()
        })
    }

    pub(super) fn happens(&mut self, input: Input) -> Step<Vec<UploadNews>> {
        if let Some(back) = back(input) {
            return self.comes_back(self.under_way(), back, self.asked());
        }
        let later = Gate::ClosedUntil(self.bench.now().mono.plus(Duration::from_secs(9)));
        let rows = self.rows();
        let online = match input {
            Input::GiveUpOffline => Err(CommandError::SignedOut),
            _ => Ok(token()),
        };
        self.step(|uploads, tx| match input {
            Input::Reconcile => uploads
                .reconcile(tx, Some(&token()), LIMIT, Gate::OPEN)
                .unwrap(),
            Input::ReconcileLater => uploads.reconcile(tx, Some(&token()), LIMIT, later).unwrap(),
            Input::ReconcileWithoutToken => uploads.reconcile(tx, None, LIMIT, Gate::OPEN).unwrap(),
            Input::RetryNow => uploads.retry_now(),
            Input::BeginAnew => uploads.begin_anew(tx, key(100)).unwrap(),
            Input::GiveUp | Input::GiveUpOffline => {
                operations::delete(&tx.db, key(100)).unwrap();
                uploads.abandoned(tx, rows, &online);
            }
            other => panic!("{other:?} comes back"),
        })
    }

    /// The state, in short: how much is at the server, whether this process knows, what is asked, and
    /// whether it waits.
    pub(super) fn state(&mut self) -> String {
        let row = self.rows().pop();
        let file = match &row {
            None => "gone".to_owned(),
            Some(UploadRow { file_id: None, .. }) => "new".to_owned(),
            Some(row) if self.uploads.known.contains(&row.key) => format!("f{}", row.sent),
            Some(row) => format!("f{}?", row.sent),
        };
        let asked = match self.asked() {
            None => "",
            Some(Ask::Create) => " create",
            Some(Ask::Find) => " find",
            Some(Ask::Send) => " send",
        };
        let waits = if self.uploads.timers().next().is_some() {
            " waits"
        } else {
            ""
        };
        format!("{file}{asked}{waits}")
    }
}

/// What others are told, in short.
pub(super) fn said(step: &Step<Vec<UploadNews>>) -> String {
    let news = step.result.iter().map(|news| match news {
        UploadNews::Progress => " +progress",
        UploadNews::Moved(_) => " +moved",
        UploadNews::Failed(_, _) => " +failed",
    });
    let effects = step.effects.iter().map(|effect| match effect {
        Effect::CancelRequest { .. } => " !off",
        effect if wants(effect).is_some_and(|(_, wants)| wants == Wants::End) => " !end",
        _ => "",
    });
    news.chain(effects).collect()
}

/// Brings an upload there, in a store that was used before.
pub(super) fn bring(dock: &mut Dock, state: State) {
    dock.bench
        .run(|tx| operations::delete(&tx.db, key(100)).unwrap());
    dock.uploads = Uploads::default();
    dock.add(100, &[SIZE]);
    let inputs: &[Input] = match state {
        State::New => &[],
        State::Naming => &[Input::Reconcile],
        State::Named | State::Finding | State::Known => &[Input::Reconcile, Input::Created],
        State::Sending => &[Input::Reconcile, Input::Created, Input::Reconcile],
        State::Resting => &[Input::Reconcile, Input::Unreachable],
        State::Up => &[
            Input::Reconcile,
            Input::Created,
            Input::Reconcile,
            Input::AllThere,
        ],
        State::GivenUp => &[Input::Reconcile, Input::GiveUp],
    };
    for input in inputs {
        dock.happens(*input);
    }
    if state == State::Named || state == State::Finding {
        dock.uploads = Uploads::default();
    }
    if state == State::Finding {
        dock.happens(Input::Reconcile);
    }
}

#[rustfmt::skip]
pub(super) fn states() -> [State; 9] {
    every!(State {
        State::New => [State::New],
        State::Naming => [State::Naming],
        State::Named => [State::Named],
        State::Finding => [State::Finding],
        State::Known => [State::Known],
        State::Sending => [State::Sending],
        State::Resting => [State::Resting],
        State::Up => [State::Up],
        State::GivenUp => [State::GivenUp],
    })
}

#[rustfmt::skip]
pub(super) fn inputs() -> [Input; 26] {
    every!(Input {
        Input::Reconcile => [Input::Reconcile],
        Input::ReconcileLater => [Input::ReconcileLater],
        Input::ReconcileWithoutToken => [Input::ReconcileWithoutToken],
        Input::RetryNow => [Input::RetryNow],
        Input::BeginAnew => [Input::BeginAnew],
        Input::GiveUp => [Input::GiveUp],
        Input::GiveUpOffline => [Input::GiveUpOffline],
        Input::Created => [Input::Created],
        Input::NothingThere => [Input::NothingThere],
        Input::PartThere => [Input::PartThere],
        Input::AllThere => [Input::AllThere],
        Input::MoreThanAll => [Input::MoreThanAll],
        Input::OtherAnswer => [Input::OtherAnswer],
        Input::NotFound => [Input::NotFound],
        Input::DamagedThere => [Input::DamagedThere],
        Input::Conflict => [Input::Conflict],
        Input::TooLarge => [Input::TooLarge],
        Input::Refused => [Input::Refused],
        Input::TokenRefused => [Input::TokenRefused],
        Input::ServerError => [Input::ServerError],
        Input::ForeignGone => [Input::ForeignGone],
        Input::Foreign => [Input::Foreign],
        Input::Unreachable => [Input::Unreachable],
        Input::FileLost => [Input::FileLost],
        Input::DamagedHere => [Input::DamagedHere],
        Input::Disk => [Input::Disk],
    })
}
