//! A server that lies in every field: each frame and each answer, at each place in it, with each lie.
//!
//! A fresh engine is told one lie for ten minutes, whenever there is occasion. Meanwhile the budgets hold, nothing
//! that was promised is lost, and the store stays small. Then the server is honest: what waited is sent. At last it
//! gives its log a new id, as one does that cannot promise what it told (M19), and the screen shows what it has.
//!
//! A sample is told, always the same. `cargo test -p fulmar-engine --test hostile -- --ignored` tells all of them.

mod exempt;
mod lie;
mod picture;
mod spot;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use fulmar_engine::{Command, ConnectionState, SessionState};
use fulmar_protocol::{CloseCode, HistoryPage, LogId, OperationKey, Position, SearchQuery};

use crate::bench::{Bench, MINUTE, SECOND};
use crate::budget::Effort;
use crate::server::{Said, events, user};
use crate::transfers::with_a_file;
use exempt::Assertion;
use lie::{Lie, Path};
use picture::Picture;
use spot::{Liar, Spot};

/// How often something happens that a lie can be told about, every two minutes.
const ROUNDS: u32 = 5;
/// How many lies are told in each place, where there are more.
const SAMPLE: usize = 16;
/// How many seconds it may take until everything is sent to a server that is honest.
pub(crate) const RECOVERY: u32 = 4 * 60;
/// What a store may have, in bytes, that was told ten minutes of lies.
const LARGEST_STORE: usize = 16 * 1024 * 1024;

/// How many messages there are before Alice comes. More than a snapshot has, where the others are asked for.
fn messages_before(place: Spot) -> u32 {
    match place {
        Spot::History => 30,
        _ => 3,
    }
}

/// Alice is signed in, or about to be, and the server begins to lie.
fn begin(place: Spot, liar: &Rc<RefCell<Liar>>) -> Bench {
    let mut bench = Bench::new();
    world::furnish(&mut bench, messages_before(place));
    match place {
        Spot::Refresh => bench.server.lifetime_ms = 30_000,
        Spot::History => bench.server.limits.page_size = 2,
        _ => {}
    }
    if !place.begins() {
        bench.sign_in();
        bench.run(SECOND * 5);
        assert_eq!(bench.connection, ConnectionState::Live);
    }
    let says = Rc::clone(liar);
    bench.hostile(move |server, asked, now| says.borrow_mut().say(server, asked, now));
    bench
}

fn try_to_sign_in(bench: &mut Bench, place: Spot) {
    if matches!(bench.session, SessionState::SignedIn { .. }) {
        return;
    }
    let user_id = user("alice");
    if place == Spot::Me {
        bench.begin(Command::SignInWithProvider { user_id });
    } else {
        bench.sign_in();
    }
    bench.run(SECOND);
}

/// Something happens that the server tells of, with its lie.
fn happen(bench: &mut Bench, place: Spot, liar: &Rc<RefCell<Liar>>, round: u32) {
    let kinds = match place {
        Spot::Event(kind) => vec![kind],
        Spot::Events | Spot::Sync => {
            let index = round as usize * 3 % world::EVENTS.len();
            world::EVENTS[index..index + 3].to_vec()
        }
        _ => vec!["message.created"],
    };
    for kind in kinds {
        for kind in world::before(kind).into_iter().chain([kind]) {
            let event = world::happen(bench, kind, round);
            let frame = liar.borrow_mut().frame(&events(&[event]));
            bench.server_says_if_open(frame);
        }
    }
    let conversation = "c-1".parse().unwrap();
    let command = match place {
        // A page is small: the next one is asked for in the next round.
        Spot::History => Command::LoadHistory {
            conversation,
            thread: None,
            page: HistoryPage::Before(Position(11 - 2 * u64::from(round))),
        },
        Spot::Search => Command::Search {
            query: SearchQuery::new("before"),
            cursor: None,
        },
        Spot::Blocks => Command::Block { user: user("bob") },
        _ => return,
    };
    bench.begin(command);
}

/// What the server does not give at once is no progress, but what happens anew is.
fn allow(bench: &mut Bench) {
    for _ in 0..4 {
        bench.budgets.allow(Effort::Request, bench.now.mono);
        bench.budgets.allow(Effort::Connection, bench.now.mono);
    }
}

/// What a lie broke.
type Broken = Vec<(Assertion, String)>;

/// The ten minutes. Returns the messages that have to stay on the screen: those that wait to be sent, and those that
/// were there, unless the lie may be about them.
fn lie(bench: &mut Bench, place: Spot, liar: &Rc<RefCell<Liar>>) -> (Vec<OperationKey>, Broken) {
    let mut broken = Vec::new();
    let mut promised = Vec::new();
    if place.is_reset() {
        bench.server.log_id = LogId::new("another log").unwrap();
    }
    for round in 0..ROUNDS {
        if place.begins() {
            try_to_sign_in(bench, place);
        }
        if round == 0 && !place.begins() {
            bench.server_says(Said::Closed(CloseCode::GoingAway));
            promised = vec![bench.send("first"), bench.send("second")];
            if !place.is_content() {
                promised.splice(
                    0..0,
                    bench
                        .server
                        .messages
                        .iter()
                        .map(|message| message.operation_key),
                );
            }
            if matches!(place, Spot::UploadCreated | Spot::UploadOffset) {
                promised.push(bench.send_message(with_a_file()));
            }
        }
        happen(bench, place, liar, round);
        for _ in 0..4 {
            allow(bench);
            bench.run(MINUTE / 2);
            if let Some(why) = picture::broken_promise(bench, &promised)
                && broken.is_empty()
            {
                broken.push((Assertion::Promised, why));
            }
        }
    }
    let (bytes, _) = bench.size();
    if bytes > LARGEST_STORE {
        broken.push((Assertion::Small, format!("{bytes} bytes")));
    }
    (promised, broken)
}

/// The user tries again what has failed, and the server is honest.
fn recover(bench: &mut Bench, place: Spot, seconds: u32) -> Broken {
    let mut broken = Vec::new();
    bench.well();
    if place.begins() {
        try_to_sign_in(bench, place);
    }
    for (operation_key, _) in bench.failures() {
        bench.begin(Command::Retry { operation_key });
    }
    for _ in 0..seconds {
        bench.run(SECOND);
        if bench.has_recovered() {
            break;
        }
    }
    if !bench.has_recovered() {
        let status = bench.engine().status().unwrap();
        let next = bench.engine().next_timeout();
        broken.push((
            Assertion::Recovered,
            format!("{status:?} {next:?} {:?}", bench.session),
        ));
    }
    broken
}

/// The log gets another id, and the screen shows what the server has.
fn converge(bench: &mut Bench, promised: &[OperationKey]) -> Broken {
    let mut broken = Vec::new();
    picture::load_all(bench);
    let truth = Picture::of_server(&bench.server);
    let difference = Picture::of(bench).difference(&truth);
    if !difference.is_empty() {
        broken.push((Assertion::Believed, difference.join("\n      ")));
    }
    bench.server.log_id = LogId::new("the truth").unwrap();
    bench.server_says_if_open(Said::Closed(CloseCode::GoingAway));
    bench.run(MINUTE);
    picture::load_all(bench);
    if let Some(why) = picture::broken_promise(bench, promised) {
        broken.push((Assertion::Shown, format!("at last {why}")));
    }
    let keys = bench
        .server
        .messages
        .iter()
        .map(|message| message.operation_key);
    let keys: Vec<_> = keys.collect();
    if let Some(key) = promised.iter().find(|key| !keys.contains(key)) {
        broken.push((Assertion::Shown, format!("{key:?} never came")));
    }
    if !bench.has_recovered() {
        broken.push((Assertion::Shown, "something is not sent".to_owned()));
    }
    let difference = Picture::of(bench).difference(&truth);
    if !difference.is_empty() {
        broken.push((Assertion::Shown, difference.join("\n      ")));
    }
    broken
}

fn play(liar: Liar) -> (Broken, Liar) {
    let place = liar.place;
    let path = liar.lie.as_ref().map(|(path, _)| path);
    let seconds = path.map_or(RECOVERY, exempt::recovery);
    let liar = Rc::new(RefCell::new(liar));
    let mut bench = begin(place, &liar);
    let (promised, mut broken) = lie(&mut bench, place, &liar);
    broken.extend(recover(&mut bench, place, seconds));
    broken.extend(converge(&mut bench, &promised));
    let liar = liar.borrow().clone();
    assert!(liar.told > 0 || liar.lie.is_none(), "it was never told");
    (broken, liar)
}

/// Whatever was broken, also a panic or an error of the store.
fn judge(place: Spot, lie: Option<(Path, Lie)>) -> (Broken, Vec<(Path, Lie)>) {
    let liar = Liar {
        place,
        lie,
        seen: Vec::new(),
        told: 0,
    };
    match catch_unwind(AssertUnwindSafe(|| play(liar))) {
        Ok((broken, liar)) => (broken, liar.seen),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map_or("?", String::as_str);
            (vec![(Assertion::Calm, text.to_owned())], Vec::new())
        }
    }
}

/// Tells so many lies in each of these places, and says how many of how many.
#[allow(clippy::print_stdout)] // a test says more than whether it failed
fn tell_lies(places: &[Spot], most: usize) {
    let mut found = Vec::new();
    let mut exempt = BTreeMap::<&str, u32>::new();
    let (mut told, mut known) = (0, 0);
    for place in places {
        let (broken, mut lies) = judge(*place, None);
        assert!(broken.is_empty(), "{place:?}, and no lie: {broken:#?}");
        assert!(!lies.is_empty(), "nothing is said in {place:?}");
        known += lies.len();
        fastrand::Rng::with_seed(7).shuffle(&mut lies);
        lies.truncate(most);
        told += lies.len();
        for (path, lie) in lies {
            let (broken, _) = judge(*place, Some((path.clone(), lie)));
            for (assertion, what) in broken {
                if let Some(why) = exempt::why(*place, &path, lie, assertion) {
                    *exempt.entry(why).or_default() += 1;
                    continue;
                }
                let line = format!("{place:?}{path} {lie:?}: {assertion:?}: {what:.900}");
                println!("{line}");
                found.push(line);
            }
        }
    }
    println!("{told} lies of {known}; exempt: {exempt:#?}");
    assert!(
        found.is_empty(),
        "{} broken:\n{}",
        found.len(),
        found.join("\n")
    );
}

const FRAMES: [Spot; 8] = [
    Spot::Ready,
    Spot::Reset,
    Spot::Outcome,
    Spot::Pong,
    Spot::Typing,
    Spot::Presence,
    Spot::ProblemFrame,
    Spot::Events,
];
const LOG: [Spot; 2] = [Spot::Sync, Spot::Snapshot];
const ANSWERS: [Spot; 10] = [
    Spot::SignIn,
    Spot::Refresh,
    Spot::Me,
    Spot::Operations,
    Spot::ProblemAnswer,
    Spot::History,
    Spot::Search,
    Spot::Blocks,
    Spot::UploadCreated,
    Spot::UploadOffset,
];

#[test]
fn a_lie_in_a_frame_is_outlived() {
    tell_lies(&FRAMES, SAMPLE);
}

#[test]
fn a_lie_in_an_event_is_outlived() {
    tell_lies(&world::EVENTS.map(Spot::Event), SAMPLE);
}

#[test]
fn a_lie_in_an_answer_is_outlived() {
    tell_lies(&ANSWERS, SAMPLE);
}

#[test]
fn a_lie_about_the_log_is_outlived() {
    tell_lies(&LOG, SAMPLE);
}

#[test]
#[ignore = "takes minutes"]
fn each_lie_in_a_frame_is_outlived() {
    tell_lies(&FRAMES, usize::MAX);
}

#[test]
#[ignore = "takes minutes"]
fn each_lie_in_an_event_is_outlived() {
    tell_lies(&world::EVENTS.map(Spot::Event), usize::MAX);
}

#[test]
#[ignore = "takes minutes"]
fn each_lie_in_an_answer_is_outlived() {
    tell_lies(&ANSWERS, usize::MAX);
}

#[test]
#[ignore = "takes minutes"]
fn each_lie_about_the_log_is_outlived() {
    tell_lies(&LOG, usize::MAX);
}
