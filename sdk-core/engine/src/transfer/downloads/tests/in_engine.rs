//! What a whole engine makes of a download that nobody wants any more.

use std::time::Duration;

use fulmar_protocol::{
    Answer, ContentHash, DeviceId, FileId, Secret, Session as Tokens, Timestamp, UserId,
};
use rusqlite::Connection;

use crate::io::{Command, CommandId, DownloadId, Effect, Input, RequestId};
use crate::testing::EPOCH;
use crate::{Config, Engine, Mono, Now, Store};

struct Driver {
    engine: Engine,
    now: Now,
}

impl Driver {
    fn new() -> Self {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let now = Now {
            wall: Timestamp(EPOCH),
            mono: Mono(1_000),
            entropy: 1,
        };
        let device = DeviceId::new("phone").unwrap();
        let (engine, _) = Engine::open(store, Config::default(), device, now).unwrap();
        Self { engine, now }
    }

    fn handle(&mut self, input: Input) -> Vec<Effect> {
        let released = self.engine.handle(vec![input], self.now).unwrap();
        released.into_iter().collect()
    }

    fn sign_in(&mut self) {
        let body = Command::SignIn {
            user_id: UserId::new("alice").unwrap(),
            password: Secret::new("x"),
        };
        let command = CommandId(1);
        let effects = self.handle(Input::Command { command, body });
        let request = effects.iter().find_map(|effect| match effect {
            Effect::Request { request, .. } => Some(*request),
            _ => None,
        });
        let tokens = Tokens {
            user_id: UserId::new("alice").unwrap(),
            device_id: DeviceId::new("phone").unwrap(),
            name: "Alice".to_owned(),
            access_token: Secret::new("access"),
            expires_in_ms: 900_000,
            refresh_token: Secret::new("refresh"),
        };
        self.handle(Input::Answer {
            request: request.unwrap(),
            result: Ok(Answer::Session(tokens)),
        });
    }

    fn download(&mut self) -> RequestId {
        let body = Command::Download {
            id: DownloadId(1),
            file_id: FileId::new("f").unwrap(),
            content: ContentHash::from_bytes([1; 32]),
            size: 1_000,
            have: 0,
        };
        let command = CommandId(2);
        let effects = self.handle(Input::Command { command, body });
        let fetched = effects.iter().find_map(|effect| match effect {
            Effect::FetchChunk { request, .. } => Some(*request),
            _ => None,
        });
        fetched.unwrap()
    }
}

fn called_off(effects: &[Effect], wanted: RequestId) -> usize {
    effects
        .iter()
        .filter(|effect| matches!(effect, Effect::CancelRequest { request } if *request == wanted))
        .count()
}

/// It is no answer that is missing: nothing is to be concluded from it about the network.
#[test]
fn a_request_that_its_owner_called_off_is_not_waited_for() {
    let mut driver = Driver::new();
    driver.sign_in();
    let request = driver.download();
    let effects = driver.handle(Input::CancelDownload(DownloadId(1)));
    assert_eq!(called_off(&effects, request), 1);
    for _ in 0..60 {
        driver.now.mono = driver.now.mono.plus(Duration::from_secs(1));
        let released = driver.engine.handle(Vec::new(), driver.now).unwrap();
        let effects: Vec<Effect> = released.into_iter().collect();
        assert_eq!(called_off(&effects, request), 0, "it is called off once");
    }
}
