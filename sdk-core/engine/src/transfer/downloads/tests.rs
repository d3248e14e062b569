//! Downloads, stepped without an engine.

mod in_engine;
mod states;
mod table;

use std::time::Duration;

use fulmar_protocol::{Code, ContentHash, FailureClass, FileId, Secret};

use super::{AT_ONCE, DownloadNews, Downloads, LEAST, MOST, MOST_SENSELESS, Wanted};
use crate::config::Config;
use crate::io::{
    CommandError, CommandId, DownloadId, DownloadState, Effect, FilePart, Reply, RequestId,
    TransferFailure,
};
use crate::pace::Gate;
use crate::testing::server::{foreign, problem, unreachable};
use crate::testing::{Bench, Step};
use crate::time::Mono;
use crate::timer::{Timed, Timer};

const SIZE: u64 = 10_000_000;

struct Quay {
    bench: Bench,
    downloads: Downloads,
    config: Config,
}

fn content(number: u8) -> ContentHash {
    ContentHash::from_bytes([number; 32])
}

impl Quay {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            downloads: Downloads::default(),
            config: Config::default(),
        }
    }

    fn want_of(&mut self, asker: u64, number: u8, size: u64, have: u64) -> Step<()> {
        let wanted = Wanted {
            id: DownloadId(asker),
            command: CommandId(asker),
            file_id: FileId::new("f").unwrap(),
            content: content(number),
            size,
            have,
        };
        let downloads = &mut self.downloads;
        self.bench.run(|tx| downloads.want(tx, wanted))
    }

    /// One asker who wants the first file.
    fn wanted() -> Self {
        let mut quay = Self::new();
        quay.want_of(1, 1, SIZE, 0);
        quay
    }

    fn reconcile_with(&mut self, gate: Gate) -> Vec<(RequestId, FilePart)> {
        let downloads = &mut self.downloads;
        let token = Secret::new("token");
        let step = self
            .bench
            .run(|tx| downloads.reconcile(tx, Some(&token), gate));
        let fetched = step.effects.into_iter().filter_map(|effect| match effect {
            Effect::FetchChunk { request, part, .. } => Some((request, part)),
            _ => None,
        });
        fetched.collect()
    }

    fn next(&mut self) -> Option<(RequestId, FilePart)> {
        let mut all = self.reconcile_with(Gate::OPEN);
        assert!(all.len() <= 1);
        all.pop()
    }

    fn answer(
        &mut self,
        request: RequestId,
        result: Result<u64, TransferFailure>,
    ) -> Step<DownloadNews> {
        let (downloads, config) = (&mut self.downloads, &self.config);
        self.bench
            .run(|tx| downloads.answered(tx, request, result, config))
    }

    fn fetch(&mut self, result: Result<u64, TransferFailure>) -> Step<DownloadNews> {
        let (request, _) = self.next().expect("something is fetched");
        self.answer(request, result)
    }

    fn cancel(&mut self, asker: u64) -> Step<()> {
        let downloads = &mut self.downloads;
        self.bench.run(|tx| downloads.cancel(tx, DownloadId(asker)))
    }

    fn rests(&self) -> bool {
        let timer = Timer::DownloadAgain(content(1));
        self.downloads.timers().is_set(timer)
    }

    fn wait(&mut self) -> Duration {
        let next = self.downloads.timers().next().expect("a wait");
        let wait = next.at.until(self.bench.now().mono);
        self.bench.pass(wait);
        self.downloads.timers_mut().clear(next.timer);
        wait
    }
}

fn ended(step: &Step<impl Sized>) -> bool {
    step.effects
        .iter()
        .any(|effect| matches!(effect, Effect::DownloadEnded { .. }))
}

fn called_off(step: &Step<impl Sized>, wanted: RequestId) -> bool {
    step.effects
        .iter()
        .any(|effect| matches!(effect, Effect::CancelRequest { request } if *request == wanted))
}

fn shown(step: &Step<impl Sized>) -> Option<(u64, DownloadState)> {
    step.effects.iter().find_map(|effect| match effect {
        Effect::Downloading {
            received, state, ..
        } => Some((*received, *state)),
        _ => None,
    })
}

#[test]
fn a_file_comes_in_parts_that_grow_and_then_all_are_answered() {
    let mut quay = Quay::wanted();
    quay.want_of(2, 1, SIZE, 0);
    let (mut received, mut largest) = (0, 0);
    loop {
        let (request, part) = quay.next().unwrap();
        assert_eq!(part.offset, received);
        assert!(part.length <= MOST && part.length >= 1);
        largest = largest.max(part.length);
        received += part.length;
        let step = quay.answer(request, Ok(received));
        assert_eq!(step.result, DownloadNews::Progress);
        if received == SIZE {
            assert!(ended(&step));
            let done = [
                (CommandId(1), Ok(Reply::Done)),
                (CommandId(2), Ok(Reply::Done)),
            ];
            assert_eq!(step.replies, done);
            break;
        }
        assert_eq!(shown(&step), Some((received, DownloadState::Receiving)));
    }
    assert_eq!(largest, MOST);
    assert!(quay.next().is_none());
}

#[test]
fn what_is_here_of_it_is_not_fetched_again() {
    for (have, offset) in [(0, 0), (4_000, 4_000), (SIZE, 0), (SIZE + 5, 0)] {
        let mut quay = Quay::new();
        quay.want_of(1, 1, SIZE, have);
        assert_eq!(quay.next().unwrap().1.offset, offset, "{have}");
    }
}

#[test]
fn an_empty_file_is_here_at_once() {
    let mut quay = Quay::new();
    let step = quay.want_of(1, 1, 0, 0);
    assert_eq!(step.replies, [(CommandId(1), Ok(Reply::Done))]);
    assert!(quay.next().is_none());
}

#[test]
fn a_few_files_come_at_once_and_each_once() {
    let mut quay = Quay::new();
    for number in 1..=5 {
        quay.want_of(u64::from(number), number, SIZE, 0);
    }
    assert_eq!(quay.reconcile_with(Gate::OPEN).len(), AT_ONCE);
    assert!(quay.reconcile_with(Gate::OPEN).is_empty());
}

#[test]
fn no_more_files_come_at_once_than_the_budget_has_left() {
    let mut quay = Quay::new();
    for number in 1..=5 {
        quay.want_of(u64::from(number), number, SIZE, 0);
    }
    assert_eq!(quay.reconcile_with(Gate::Open { left: 1 }).len(), 1);
}

#[test]
fn a_closed_gate_is_waited_for() {
    let mut quay = Quay::wanted();
    let opens = Mono(quay.bench.now().mono.0 + 5_000);
    assert!(quay.reconcile_with(Gate::ClosedUntil(opens)).is_empty());
    assert_eq!(quay.wait(), Duration::from_secs(5));
    assert!(quay.next().is_some());
}

#[test]
fn every_code() {
    let other = Code::Other("later.version".to_owned());
    for code in Code::ALL.iter().chain([&other]) {
        let mut quay = Quay::wanted();
        let failure = TransferFailure::Request(problem(code.clone()));
        let (request, _) = quay.next().unwrap();
        let step = quay.answer(request, Err(failure.clone()));
        assert_eq!(step.result, DownloadNews::Nothing);
        let (ends, rests) = match code.class() {
            FailureClass::Permanent => (true, false),
            FailureClass::Authentication => (false, false),
            FailureClass::Transient => (false, true),
        };
        assert_eq!(ended(&step), ends, "{code}");
        let refused = matches!(&step.replies[..], [(_, Err(CommandError::Refused { .. }))]);
        assert_eq!(refused, ends, "{code}");
        assert_eq!(quay.rests(), rests, "{code}");
        let again = quay.answer(request, Err(failure));
        assert!(
            again.effects.is_empty() && again.replies.is_empty(),
            "{code}"
        );
    }
}

#[test]
fn every_other_failure() {
    for (failure, ends, rests) in [
        (TransferFailure::Request(unreachable()), false, true),
        (TransferFailure::Request(foreign(404)), false, true),
        (TransferFailure::Request(foreign(200)), false, true),
        (TransferFailure::FileLost, false, true),
        // It begins anew, once.
        (TransferFailure::Damaged, false, false),
        (TransferFailure::Disk("full".to_owned()), true, false),
    ] {
        let mut quay = Quay::wanted();
        quay.fetch(Ok(5_000));
        let step = quay.fetch(Err(failure.clone()));
        assert_eq!(ended(&step), ends, "{failure}");
        assert_eq!(step.replies.len(), usize::from(ends), "{failure}");
        assert_eq!(quay.rests(), rests, "{failure}");
        if !ends {
            quay.downloads.retry_now();
            let anew = matches!(
                failure,
                TransferFailure::FileLost | TransferFailure::Damaged
            );
            let offset = if anew { 0 } else { 5_000 };
            assert_eq!(quay.next().unwrap().1.offset, offset, "{failure}");
        }
    }
}

#[test]
fn a_file_that_is_damaged_twice_is_given_up() {
    let mut quay = Quay::wanted();
    quay.fetch(Err(TransferFailure::Damaged));
    let step = quay.fetch(Err(TransferFailure::Damaged));
    assert_eq!(
        step.replies,
        [(CommandId(1), Err(CommandError::FileDamaged))]
    );
    assert!(ended(&step));
}

/// A server that cannot do it is told apart from a proxy's page that passes.
#[test]
fn an_answer_that_is_no_part_of_the_file_ends_it_after_a_while() {
    let mut quay = Quay::wanted();
    for round in 1..MOST_SENSELESS {
        let step = quay.fetch(Err(TransferFailure::Request(foreign(200))));
        assert!(!ended(&step), "{round}");
        quay.wait();
    }
    let step = quay.fetch(Err(TransferFailure::Request(foreign(206))));
    assert!(ended(&step));
    let reply = &step.replies[..];
    assert!(
        matches!(
            reply,
            [(_, Err(CommandError::ForeignAnswer { status: 206 }))]
        ),
        "{reply:?}"
    );
}

#[test]
fn a_part_that_comes_between_shows_that_the_server_can_do_it() {
    let mut quay = Quay::wanted();
    for round in 1..=MOST_SENSELESS * 2 {
        let step = quay.fetch(Err(TransferFailure::Request(foreign(200))));
        assert!(!ended(&step), "{round}");
        quay.wait();
        quay.fetch(Ok(u64::from(round) * 1_000));
    }
}

#[test]
fn a_success_that_brings_nothing_rests_longer_each_time() {
    let mut quay = Quay::wanted();
    quay.fetch(Ok(5_000));
    let begun = quay.bench.now().mono;
    for received in [5_000, 0, 4_999, 5_000, 5_000, 5_000, 5_000, 5_000] {
        let step = quay.fetch(Ok(received));
        assert_eq!(step.result, DownloadNews::Nothing);
        assert_eq!(shown(&step), Some((5_000, DownloadState::Waiting)));
        quay.wait();
    }
    assert!(quay.bench.now().mono.until(begun) > Duration::from_secs(45));
    assert_eq!(quay.next().unwrap().1.offset, 5_000);
}

#[test]
fn more_than_there_is_counts_as_all() {
    let mut quay = Quay::wanted();
    let step = quay.fetch(Ok(u64::MAX));
    assert_eq!(step.replies, [(CommandId(1), Ok(Reply::Done))]);
}

#[test]
fn a_bad_network_gets_smaller_parts_but_not_too_small_ones() {
    let mut quay = Quay::wanted();
    let mut length = u64::MAX;
    for _ in 0..8 {
        let (request, part) = quay.next().unwrap();
        assert!(part.length == LEAST || part.length < length);
        length = part.length;
        quay.answer(request, Err(TransferFailure::Request(unreachable())));
        quay.wait();
    }
    assert_eq!(length, LEAST);
}

#[test]
fn one_of_two_askers_may_go_and_the_other_still_gets_it() {
    let mut quay = Quay::wanted();
    quay.want_of(2, 1, SIZE, 0);
    let (request, _) = quay.next().unwrap();
    let step = quay.cancel(1);
    assert!(step.effects.is_empty() && step.replies.is_empty());
    let step = quay.answer(request, Ok(SIZE));
    assert_eq!(step.replies, [(CommandId(2), Ok(Reply::Done))]);
}

#[test]
fn when_nobody_wants_it_any_more_it_is_called_off() {
    let mut quay = Quay::wanted();
    quay.want_of(2, 1, SIZE, 0);
    let (request, _) = quay.next().unwrap();
    quay.cancel(1);
    let step = quay.cancel(2);
    assert!(ended(&step) && called_off(&step, request));
    assert!(quay.cancel(2).effects.is_empty(), "once");
    let late = quay.answer(request, Ok(SIZE));
    assert!(late.effects.is_empty() && late.replies.is_empty());
    // Who wants it again begins anew.
    quay.want_of(3, 1, SIZE, 700);
    assert_eq!(quay.next().unwrap().1.offset, 700);
}

#[test]
fn what_rests_and_is_called_off_does_not_rest_any_more() {
    let mut quay = Quay::wanted();
    quay.fetch(Err(TransferFailure::Request(unreachable())));
    quay.cancel(1);
    assert!(quay.downloads.timers().next().is_none());
}

#[test]
fn at_the_end_of_the_session_all_are_told() {
    let mut quay = Quay::wanted();
    quay.want_of(2, 1, SIZE, 0);
    quay.want_of(3, 2, SIZE, 0);
    let asked = quay.reconcile_with(Gate::OPEN);
    let downloads = &mut quay.downloads;
    let step = quay.bench.run(|tx| downloads.stop(tx));
    assert_eq!(step.replies.len(), 3);
    for (_, reply) in &step.replies {
        assert_eq!(*reply, Err(CommandError::SignedOut));
    }
    for (request, _) in asked {
        assert!(called_off(&step, request));
        assert!(quay.answer(request, Ok(SIZE)).replies.is_empty());
    }
    assert!(quay.next().is_none());
}
