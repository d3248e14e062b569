//! What can happen to frames, and the client that copes with it: messages arrive once and in order, and the app has to
//! do nothing for it. What a client does about each is in the README of the mock server.

use std::time::Duration;

use fulmar::{GapEnd, MessageState, TimelineItem};
use fulmar_mock_server::{Action, Fault, FrameKind, Passed, Restart, When};
use fulmar_protocol::{Code, Problem};
use fulmar_tests::{Person, Stage, patiently, shown};

/// Alice and Bob talk while the faults are applied, and both end up with the same, each text once, those of one person in
/// their order. Returns how often a fault was applied.
async fn talk_through(faults: impl IntoIterator<Item = Fault>) -> u64 {
    let mut stage = Stage::new().await;
    // Otherwise a lost answer is only given up after 20 s.
    stage.config.answer_timeout = Duration::from_millis(500);
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    for fault in faults {
        stage.server.faults().add(fault);
    }
    alice.say(&["a1", "a2", "a3"]).await;
    bob.say(&["b1", "b2"]).await;
    for person in [&mut alice, &mut bob] {
        let waiting = async {
            loop {
                let items = fulmar_tests::messages(&person.screen);
                let texts = shown(&items);
                let of = |who: &str| -> Vec<&str> {
                    let theirs = texts.iter().filter(|text| text.starts_with(who));
                    theirs.copied().collect()
                };
                let sent = items.iter().all(|item| item.state == MessageState::Sent);
                if sent && of("a") == ["a1", "a2", "a3"] && of("b") == ["b1", "b2"] {
                    return;
                }
                let next = tokio::time::timeout(Duration::from_millis(500), person.screen.next());
                if next.await.is_err() {
                    // Nothing moves: the app comes to the foreground.
                    person.look_up();
                }
            }
        };
        patiently("the whole talk", waiting).await;
    }
    let order = |person: &Person| -> Vec<String> {
        let texts = person.screen.messages().map(|item| item.text().to_owned());
        texts.collect()
    };
    assert_eq!(order(&alice), order(&bob));
    stage.server.faults().applied()
}

/// The same fault, wherever it makes sense, one world each.
async fn copes(places: &[When], action: Action) {
    for place in places {
        let fault = place.clone().then(action.clone());
        let applied = talk_through([fault]).await;
        assert!(applied > 0, "{action:?} was never applied at {place:?}");
    }
}

fn submits() -> When {
    When::incoming(FrameKind::Submit).user("alice")
}

fn outcomes() -> When {
    When::outgoing(FrameKind::Outcome).user("alice")
}

fn events() -> When {
    When::outgoing(FrameKind::Events).user("bob").times(2)
}

#[tokio::test]
async fn delays_fixed_and_spread() {
    let (from, to) = (Duration::from_millis(5), Duration::from_millis(40));
    for action in [
        Action::Delay(to),
        Action::DelayBetween { from, to },
        Action::DelayAbout(from),
    ] {
        copes(&[submits().always(), events().always()], action).await;
    }
}

#[tokio::test]
async fn little_bandwidth() {
    let slow = Action::BytesPerSecond(20_000);
    let stage = Stage::new().await;
    let everywhere = [
        When::http("/"),
        When::incoming(FrameKind::Any),
        When::outgoing(FrameKind::Any),
    ];
    for place in everywhere {
        stage
            .server
            .faults()
            .when(place.always())
            .then(slow.clone());
    }
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["slowly"]).await;
    bob.sees(&["slowly"]).await;
    alice.sees(&["slowly"]).await;
}

#[tokio::test]
async fn what_is_lost_before_or_after_it_was_applied() {
    for action in [Action::Drop, Action::SwallowAnswer] {
        copes(&[submits().times(2)], action).await;
    }
    copes(&[outcomes(), events()], Action::Drop).await;
}

#[tokio::test]
async fn what_comes_twice_or_in_another_order() {
    copes(&[submits().always(), outcomes(), events()], Action::Repeat).await;
    copes(&[outcomes(), events()], Action::Reorder).await;
}

#[tokio::test]
async fn cuts_before_within_and_after_a_frame() {
    for action in [Action::Cut, Action::CutInTheMiddle, Action::CutAfter] {
        copes(&[outcomes(), events()], action).await;
    }
    for action in [Action::Cut, Action::CutAfter] {
        copes(&[submits()], action).await;
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    for action in [
        Action::Truncate,
        Action::Malform,
        Action::WrongTypes,
        Action::Replace("[1, 2".to_owned()),
        Action::Replace("null".to_owned()),
    ] {
        copes(&[outcomes(), events()], action).await;
    }
}

#[tokio::test]
async fn fields_frames_and_events_of_another_version() {
    for action in [Action::UnknownFields, Action::UnknownFrame] {
        copes(&[outcomes().always(), events().always()], action).await;
    }
}

#[tokio::test]
async fn an_event_that_nobody_knows_counts_as_seen_and_the_hole_is_filled_with_the_next() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["before"]).await;
    bob.sees(&["before"]).await;
    let faults = stage.server.faults();
    let journal = stage.server.journal();
    let start = journal.count();
    faults.when(events().always()).then(Action::UnknownEvents);
    alice.say(&["in another tongue"]).await;
    // Other events of Bob's, such as his own receipts, are hit as well, so this waits until the message was.
    let applied = journal.until(fulmar_tests::DEADLINE, |_| {
        let (mut frames, mut faults, mut told) = (0, 0, false);
        for entry in journal.after(start) {
            match &entry.passed {
                Passed::Outgoing { frame }
                    if frame["type"] == "events" && entry.user.as_deref() == Some("bob") =>
                {
                    frames += 1;
                    told |= frame.to_string().contains("in another tongue");
                }
                Passed::Fault { .. } => faults += 1,
                _ => {}
            }
        }
        told && faults == frames
    });
    applied.await.unwrap();
    faults.clear();
    alice.say(&["plainly"]).await;
    let mut hole = None;
    patiently("the hole", async {
        while hole.is_none() {
            bob.screen.next().await.unwrap();
            hole = bob.screen.items().iter().find_map(|item| match item {
                TimelineItem::Gap(gap) => Some(*gap),
                TimelineItem::Message(_) => None,
            });
        }
    })
    .await;
    let hole = hole.unwrap();
    bob.screen.load_gap(hole, GapEnd::Newest).await.unwrap();
    bob.sees(&["before", "in another tongue", "plainly"]).await;
}

#[tokio::test]
async fn numbers_that_are_wrong() {
    copes(&[events()], Action::Gap).await;
    for by in [-86_400_000, 86_400_000] {
        copes(&[outcomes().always(), events().always()], Action::Skew(by)).await;
    }
}

#[tokio::test]
async fn tokens_that_are_not_good_any_more() {
    for action in [Action::ExpireToken, Action::MalformToken] {
        copes(&[submits(), outcomes(), events()], action).await;
    }
    copes(&[outcomes(), events()], Action::RevokeToken).await;
}

#[tokio::test]
async fn every_close_code() {
    for code in [1000, 1001, 1009, 4400, 4401, 4403, 4408, 4413, 4999] {
        copes(&[events()], Action::Close(code)).await;
    }
}

#[tokio::test]
async fn a_submit_is_refused_for_now() {
    let later = Duration::from_millis(50);
    copes(&[submits().times(3)], Action::RateLimit(later)).await;
    let busy = Problem::new(Code::ServerUnavailable, "Not now");
    copes(&[submits().times(2)], Action::Problem(busy)).await;
}

#[tokio::test]
async fn another_name_for_the_log() {
    copes(&[submits(), outcomes(), events()], Action::ResetLog).await;
}

#[tokio::test]
async fn a_server_that_restarts() {
    let restart = Action::Restart(Restart::Keeping);
    copes(&[submits(), outcomes(), events()], restart).await;
}
