use std::sync::Arc;
use std::time::Duration;

use super::{Action, Applied, Faults, FrameKind, InFlight, Network, When, Where, Who, Window};
use crate::clock::Clock;

fn faults() -> (Faults, Arc<Clock>) {
    let clock = Arc::new(Clock::default());
    clock.stop();
    (Faults::new(Arc::clone(&clock)), clock)
}

fn apply(faults: &Faults, at: Where, user: &str) -> Applied {
    let who = Who {
        user: Some(user.to_owned()),
        device: Some(format!("{user}-phone")),
    };
    let methods = ["message.send".to_owned()];
    let in_flight = InFlight {
        at,
        methods: &methods,
    };
    faults.apply(&in_flight, &who)
}

fn action(faults: &Faults, at: Where, user: &str) -> Option<Action> {
    apply(faults, at, user).action
}

const OUTCOME: Where = Where::Outgoing(FrameKind::Outcome);

#[test]
fn a_rule_counts_only_what_fits() {
    let (faults, _) = faults();
    let when = When::at(OUTCOME).user("alice").after(1).times(2);
    faults.when(when).then(Action::Cut);
    assert_eq!(action(&faults, OUTCOME, "bob"), None);
    assert_eq!(action(&faults, Where::Handshake, "alice"), None);
    assert_eq!(action(&faults, OUTCOME, "alice"), None);
    assert_eq!(action(&faults, OUTCOME, "alice"), Some(Action::Cut));
    assert_eq!(action(&faults, OUTCOME, "alice"), Some(Action::Cut));
    assert_eq!(action(&faults, OUTCOME, "alice"), None);
    assert_eq!((faults.pending(), faults.any()), (0, false));
}

#[test]
fn device_method_verb_and_path_narrow_it_down() {
    let (faults, _) = faults();
    let rules = [
        When::http("POST /v1/files").always(),
        When::at(OUTCOME)
            .device("alice-phone")
            .method("message.edit"),
        When::at(OUTCOME)
            .device("alice-phone")
            .method("message.send"),
    ];
    for when in rules {
        faults.when(when).then(Action::Drop);
    }
    let http = |request: &str| action(&faults, Where::Http(request.to_owned()), "alice");
    assert_eq!(http("GET /v1/files/f-1"), None);
    assert_eq!(http("POST /v1/files"), Some(Action::Drop));
    assert_eq!(action(&faults, OUTCOME, "bob"), None);
    assert_eq!(action(&faults, OUTCOME, "alice"), Some(Action::Drop));
    assert_eq!(action(&faults, OUTCOME, "alice"), None);
}

#[test]
fn time_ends_a_rule_and_windows_open_and_close_it() {
    let (faults, clock) = faults();
    let second = Duration::from_secs(1);
    faults
        .when(When::handshake().always().lasting(second * 25))
        .then(Action::Cut);
    let window = Window {
        every_ms: 10_000,
        from_ms: 4_000,
        for_ms: 2_000,
    };
    faults
        .when(When::at(OUTCOME).always().during(window))
        .then(Action::Drop);
    let mut applied = Vec::new();
    for at in 0..30 {
        if action(&faults, OUTCOME, "alice").is_some() {
            applied.push(at);
        }
        clock.advance(second);
    }
    assert_eq!(applied, [4, 5, 14, 15, 24, 25]);
    assert_eq!(action(&faults, Where::Handshake, "alice"), None);
    assert_eq!(faults.pending(), 1);
}

#[test]
fn chances_are_repeatable_and_about_right() {
    let run = |seed| {
        let (faults, _) = faults();
        let when = When::at(OUTCOME).always().with_probability(0.25, seed);
        faults.when(when).then(Action::Drop);
        let applied = |_| action(&faults, OUTCOME, "alice").is_some();
        (0..1_000).map(applied).collect::<Vec<bool>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let count = run(7).into_iter().filter(|applied| *applied).count();
    assert!((200..300).contains(&count), "{count}");
}

#[test]
fn what_slows_adds_up_and_the_oldest_of_the_others_acts() {
    let (faults, _) = faults();
    let (from, to) = (Duration::from_millis(10), Duration::from_millis(20));
    let always = When::at(OUTCOME).always();
    for action in [
        Action::Drop,
        Action::Cut,
        Action::Delay(Duration::from_secs(1)),
        Action::DelayBetween { from, to },
        Action::BytesPerSecond(500),
        Action::BytesPerSecond(100),
    ] {
        faults.when(always.clone()).then(action);
    }
    let applied = apply(&faults, OUTCOME, "alice");
    assert_eq!(applied.action, Some(Action::Drop));
    assert_eq!(applied.bytes_per_second, Some(100));
    let second = Duration::from_secs(1);
    assert!((second + from..=second + to).contains(&applied.wait));
    assert_eq!(applied.time_for(50), applied.wait + second / 2);
}

#[test]
fn a_network_replaces_the_one_before_and_leaves_other_rules() {
    let (faults, clock) = faults();
    faults.when(When::handshake().user("bob")).then(Action::Cut);
    faults.set_network(Some("alice"), Network::Train);
    faults.set_network(Some("alice"), Network::Lift);
    assert_eq!(action(&faults, OUTCOME, "alice"), Some(Action::Drop));
    assert_eq!(action(&faults, OUTCOME, "bob"), None);
    clock.advance(Duration::from_secs(20));
    assert_eq!(action(&faults, OUTCOME, "alice"), None);
    faults.set_network(Some("alice"), Network::Offline);
    faults.set_network(Some("alice"), Network::Good);
    assert_eq!(action(&faults, OUTCOME, "alice"), None);
    assert_eq!(faults.pending(), 1);
}

#[test]
fn rules_travel_as_json() {
    let text = r#"{"at":{"incoming":"submit"},"user":"alice","method":"message.send","after":1,
        "times":3,"probability":0.5,"seed":9,"forMs":1000,"then":{"delayBetween":{"fromMs":1,"toMs":2}}}"#;
    let (from, to) = (Duration::from_millis(1), Duration::from_millis(2));
    let fault = When::incoming(FrameKind::Submit)
        .user("alice")
        .method("message.send")
        .after(1)
        .times(3)
        .with_probability(0.5, 9)
        .lasting(Duration::from_secs(1))
        .then(Action::DelayBetween { from, to });
    assert_eq!(serde_json::from_str::<super::Fault>(text).unwrap(), fault);
    for wrong in [
        r#"{"at":"handshake","then":"cut","tims":1}"#,
        r#"{"at":"nowhere","then":"cut"}"#,
        r#"{"at":"handshake","probability":-1,"then":"cut"}"#,
        r#"{"at":"handshake","probability":1e308,"then":"cut"}"#,
        r#"{"at":"handshake","then":{"html":0}}"#,
        r#"{"at":"handshake","then":{"html":101}}"#,
    ] {
        assert!(serde_json::from_str::<super::Fault>(wrong).is_err());
    }
}
