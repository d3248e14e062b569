//! What the server and the disk can say instead of yes.

use super::*;

#[test]
fn every_step_and_every_code() {
    let other = Code::Other("later.version".to_owned());
    for step in STEPS {
        for code in Code::ALL.iter().chain([&other]) {
            let case = format!("{step:?} {code}");
            let (mut dock, request) = under_way(step);
            let news = dock.fail(request, step, problem(code.clone()));
            let failed = news
                .iter()
                .any(|news| matches!(news, UploadNews::Failed(_, _)));
            let anew = dock.row().file_id.is_none();
            let known = step == Step3::Send;
            let (fails, at_once) = match (code, code.class()) {
                (Code::FileNotFound, _) => (false, false),
                (Code::RequestTooLarge, _) => (!known, known),
                (Code::UploadConflict, _) => (false, known),
                (_, FailureClass::Permanent) => (true, true),
                (_, FailureClass::Authentication) => (false, true),
                (_, FailureClass::Transient) => (false, false),
            };
            assert_eq!(failed, fails, "{case}");
            assert_eq!(dock.rests(), !at_once && !fails, "{case}");
            let gone = matches!(code, Code::FileNotFound | Code::FileDamaged);
            assert_eq!(anew, step == Step3::Create || gone || fails, "{case}");
            // It goes on; what failed is the outbox's to hold.
            if dock.rests() {
                dock.wait();
            }
            assert!(dock.next().is_some(), "{case}");
            // The same answer once more is nobody's.
            assert!(dock.fail(request, step, problem(code.clone())).is_empty());
        }
    }
}

#[test]
fn every_step_and_every_other_failure() {
    for step in STEPS {
        for failure in [
            unreachable(),
            foreign(200),
            foreign(401),
            foreign(404),
            foreign(410),
        ] {
            let case = format!("{step:?} {failure}");
            let (mut dock, request) = under_way(step);
            dock.fail(request, step, failure.clone());
            assert!(dock.rests(), "{case}");
            // Only the answer to the question how much is there says with its status alone that it is gone.
            let gone = matches!(
                failure,
                RequestFailure::ErrorAnswer(fulmar_protocol::AnswerError::Foreign {
                    status: 404 | 410
                })
            );
            let anew = dock.row().file_id.is_none();
            assert_eq!(
                anew,
                step == Step3::Create || (step == Step3::Find && gone),
                "{case}"
            );
        }
    }
}

#[test]
fn an_answer_to_another_question_is_none() {
    for step in [Step3::Create, Step3::Find] {
        let (mut dock, request) = under_way(step);
        dock.answer(request, Ok(Answer::UploadEnded));
        assert!(dock.rests(), "{step:?}");
        assert_eq!(dock.row().sent, 0);
    }
}

#[test]
fn waits_grow_while_nothing_goes_up_and_start_over_when_something_does() {
    let mut dock = Dock::new();
    for _ in 0..8 {
        let (request, _) = dock.next().unwrap();
        dock.answer(request, Err(unreachable()));
        dock.wait();
    }
    let request = dock.expect(&Wants::Create);
    dock.answer(request, Err(unreachable()));
    assert!(dock.wait() >= dock.config.backoff.cap / 2);
    let (request, length) = dock.sending();
    dock.sent(request, Ok(length));
    let (request, _) = dock.next().unwrap();
    dock.sent(request, Err(TransferFailure::Request(unreachable())));
    assert!(dock.wait() <= dock.config.backoff.first);
}

/// The server says that the part does not belong there, and where it says that it stands is where it stood.
#[test]
fn a_conflict_with_a_place_that_is_known_is_asked_about_once_and_then_rests() {
    let mut dock = Dock::new();
    let (request, _) = dock.sending();
    let conflict = || TransferFailure::Request(problem(Code::UploadConflict));
    dock.sent(request, Err(conflict()));
    let request = dock.expect(&Wants::Find);
    dock.answer(request, Ok(Answer::UploadOffset(0)));
    assert!(dock.rests());
    let begun = dock.bench.now().mono;
    let mut asked = 0;
    while dock.bench.now().mono.until(begun) < Duration::from_secs(600) {
        dock.wait();
        while let Some((request, wants)) = dock.next() {
            asked += 1;
            match wants {
                Wants::Find => dock.answer(request, Ok(Answer::UploadOffset(0))),
                _ => dock.sent(request, Err(conflict())),
            };
        }
    }
    assert!(asked <= 100, "asked {asked} times");
}

#[test]
fn after_a_conflict_it_goes_on_from_where_the_server_stands() {
    let mut dock = Dock::new();
    let (request, _) = dock.sending();
    dock.sent(
        request,
        Err(TransferFailure::Request(problem(Code::UploadConflict))),
    );
    let request = dock.expect(&Wants::Find);
    let step = dock.answer(request, Ok(Answer::UploadOffset(500)));
    assert!(step.result.contains(&UploadNews::Progress));
    let length = 131_072;
    dock.expect(&Wants::Send {
        offset: 500,
        length,
    });
}

#[test]
fn an_offset_beyond_the_file_makes_it_begin_anew_after_a_rest() {
    for step in [Step3::Find, Step3::Send] {
        let (mut dock, request) = under_way(step);
        match step {
            Step3::Send => dock.sent(request, Ok(SIZE + 1)),
            Step3::Find | Step3::Create => dock.answer(request, Ok(Answer::UploadOffset(u64::MAX))),
        };
        assert!(dock.rests(), "{step:?}");
        assert_eq!((dock.row().file_id, dock.row().sent), (None, 0));
        dock.wait();
        dock.expect(&Wants::Create);
    }
}

#[test]
fn a_part_that_is_too_large_is_halved_at_once_until_it_is_taken() {
    let mut dock = Dock::new();
    let (mut request, mut length) = dock.sending();
    let taken = 40_000;
    while length > taken {
        let failure = TransferFailure::Request(problem(Code::RequestTooLarge));
        dock.sent(request, Err(failure));
        let Some((
            next,
            Wants::Send {
                offset: 0,
                length: less,
            },
        )) = dock.next()
        else {
            panic!("it goes on at once");
        };
        assert_eq!(less, length / 2);
        (request, length) = (next, less);
    }
    dock.sent(request, Ok(length));
    let offset = length;
    dock.expect(&Wants::Send { offset, length });
}

/// When not even one byte is taken, it is not the size; the next file is tried as ever.
#[test]
fn one_byte_that_is_too_large_fails_the_message_and_says_nothing_of_the_next() {
    let mut dock = Dock::new();
    let (mut request, _) = dock.sending();
    for _ in 0..64 {
        let failure = TransferFailure::Request(problem(Code::RequestTooLarge));
        let news = dock.sent(request, Err(failure)).result;
        if matches!(
            &news[..],
            [UploadNews::Failed(_, FailureReason::Refused { .. })]
        ) {
            let (_, length) = dock.sending();
            assert_eq!(length, 131_072);
            return;
        }
        request = dock.next().unwrap().0;
    }
    panic!("it never ends");
}

#[test]
fn a_file_that_is_damaged_again_and_again_fails() {
    let mut dock = Dock::new();
    for round in 0..3 {
        let (request, _) = dock.sending();
        let failure = TransferFailure::Request(problem(Code::FileDamaged));
        let news = dock.sent(request, Err(failure)).result;
        let lost = UploadNews::Failed(key(100), FailureReason::FileLost);
        assert_eq!(news.contains(&lost), round == 2, "{round}");
        assert_eq!(dock.row().file_id, None);
        if round < 2 {
            dock.wait();
        }
    }
}

#[test]
fn every_failure_on_this_device() {
    let disk = TransferFailure::Disk("x".to_owned());
    for (failure, fails) in [
        (TransferFailure::FileLost, true),
        (TransferFailure::Damaged, true),
        (disk, false),
        (TransferFailure::Request(unreachable()), false),
    ] {
        let (mut dock, request) = under_way(Step3::Send);
        let news = dock.sent(request, Err(failure.clone())).result;
        let lost = UploadNews::Failed(key(100), FailureReason::FileLost);
        assert_eq!(news.contains(&lost), fails, "{failure}");
        assert_eq!(dock.rests(), !fails, "{failure}");
    }
}
