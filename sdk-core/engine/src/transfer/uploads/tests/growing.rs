//! Going up: names, parts, limits, two at once.

use super::*;

#[test]
fn a_file_is_named_and_goes_up_in_parts_that_grow() {
    let mut dock = Dock::new();
    let (mut request, mut length) = dock.sending();
    let (mut offset, mut lengths) = (0, vec![length]);
    loop {
        offset += length;
        let step = dock.sent(request, Ok(offset));
        assert!(step.result.contains(&UploadNews::Progress));
        match dock.next() {
            Some((
                next,
                Wants::Send {
                    offset: from,
                    length: more,
                },
            )) => {
                assert_eq!(from, offset);
                (request, length) = (next, more);
                lengths.push(more);
            }
            None => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(offset, SIZE);
    assert_eq!(lengths, [131_072, 262_144, 524_288, 82_496]);
    let all_up = dock.bench.run(|tx| uploads::sum(&tx.db, key(100)).unwrap());
    assert!(all_up.result.is_none());
}

#[test]
fn another_process_asks_how_much_is_there() {
    let mut dock = Dock::new();
    let (request, length) = dock.sending();
    dock.sent(request, Ok(length));
    dock.uploads = Uploads::default();
    let request = dock.expect(&Wants::Find);
    dock.answer(request, Ok(Answer::UploadOffset(length)));
    let length = 131_072;
    dock.expect(&Wants::Send {
        offset: length,
        length,
    });
}

#[test]
fn two_files_go_up_at_once_and_each_once() {
    let mut dock = Dock::empty();
    dock.add(100, &[SIZE, SIZE, SIZE]);
    assert_eq!(dock.reconcile_with(Gate::OPEN, LIMIT).len(), AT_ONCE);
    assert!(dock.reconcile_with(Gate::OPEN, LIMIT).is_empty());
}

#[test]
fn no_more_files_go_up_at_once_than_the_budget_has_left() {
    let mut dock = Dock::empty();
    dock.add(100, &[SIZE, SIZE, SIZE]);
    let one = Gate::Open { left: 1 };
    assert_eq!(dock.reconcile_with(one, LIMIT).len(), 1);
}

#[test]
fn a_closed_gate_is_waited_for() {
    let mut dock = Dock::new();
    let opens = Mono(dock.bench.now().mono.0 + 5_000);
    let shut = dock.reconcile_with(Gate::ClosedUntil(opens), LIMIT);
    assert!(shut.is_empty());
    assert!(dock.next().is_none());
    assert_eq!(dock.wait(), Duration::from_secs(5));
    dock.expect(&Wants::Create);
}

#[test]
fn without_a_token_nothing_goes_up() {
    let mut dock = Dock::new();
    let uploads = &mut dock.uploads;
    let step = dock
        .bench
        .run(|tx| uploads.reconcile(tx, None, LIMIT, Gate::OPEN).unwrap());
    assert!(step.asked.is_empty() && step.effects.is_empty());
}

/// It says that it went well, and has no more than before.
#[test]
fn a_part_that_brings_nothing_rests_and_does_not_make_the_next_one_larger() {
    let mut dock = Dock::new();
    let (request, length) = dock.sending();
    dock.sent(request, Ok(0));
    assert!(dock.rests());
    dock.wait();
    dock.expect(&Wants::Send { offset: 0, length });
}

#[test]
fn an_answer_that_names_a_file_comes_once() {
    let mut dock = Dock::new();
    let request = dock.expect(&Wants::Create);
    dock.answer(request, Ok(Answer::UploadCreated(file("f"))));
    let again = dock.answer(request, Ok(Answer::UploadCreated(file("g"))));
    assert!(again.result.is_empty());
    assert_eq!(dock.row().file_id, Some(file("f")));
}

#[test]
fn a_bad_network_gets_smaller_parts_but_not_too_small_ones() {
    let mut dock = Dock::new();
    dock.sending();
    let (mut last, mut request) = (u64::MAX, None);
    dock.uploads.asks.clear();
    for _ in 0..10 {
        match dock.next() {
            Some((asked, Wants::Send { length, .. })) => {
                assert!(length == LEAST || length <= last / 2, "{length}");
                (last, request) = (length, Some(asked));
            }
            Some((asked, _)) => {
                dock.answer(asked, Ok(Answer::UploadOffset(0)));
            }
            None => {
                dock.wait();
            }
        }
        if let Some(request) = request.take() {
            dock.sent(request, Err(TransferFailure::Request(unreachable())));
        }
    }
    assert!(last <= 131_072 / 4);
    assert_eq!(dock.uploads.chunk.max(LEAST), dock.uploads.chunk);
}

#[test]
fn a_part_is_never_larger_than_the_server_takes() {
    for (limit, expected) in [(1_000, 1_000), (1, 1), (0, 1)] {
        let mut dock = Dock::new();
        let request = dock.expect(&Wants::Create);
        dock.answer(request, Ok(Answer::UploadCreated(file("f"))));
        let asked = dock.reconcile_with(Gate::OPEN, limit);
        let length = expected;
        assert_eq!(asked[0].1, Wants::Send { offset: 0, length });
    }
}

#[test]
fn files_that_the_server_lost_go_up_once_more() {
    let mut dock = Dock::new();
    let (request, _) = dock.sending();
    dock.sent(request, Ok(SIZE));
    assert!(dock.next().is_none());
    let uploads = &mut dock.uploads;
    dock.bench
        .run(|tx| uploads.begin_anew(tx, key(100)).unwrap());
    dock.expect(&Wants::Create);
}

#[test]
fn nothing_waits_when_something_changed_for_the_better() {
    let (mut dock, request) = under_way(Step3::Create);
    dock.answer(request, Err(unreachable()));
    assert!(dock.next().is_none());
    dock.uploads.retry_now();
    dock.expect(&Wants::Create);
}

#[test]
fn what_nobody_asked_is_nobodys() {
    let mut dock = Dock::new();
    assert!(
        dock.answer(RequestId(900), Ok(Answer::UploadOffset(5)))
            .result
            .is_empty()
    );
    assert!(dock.sent(RequestId(900), Ok(5)).result.is_empty());
    assert_eq!(dock.row().sent, 0);
    assert_ne!(dock.row().key, UploadKey(900));
}
