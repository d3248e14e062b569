use fulmar_protocol::{Code, DeviceId, PushProvider, PushToken, Secret, SignInRequest};

use super::Push;
use crate::actor::Caller;
use crate::store::pushes;
use crate::testing::{NOW, PASSWORD, Stage, accounts, user};

fn caller(stage: &mut Stage, name: &str, device: &str) -> Caller {
    let accounts = accounts();
    let request = SignInRequest {
        user_id: user(name),
        password: Secret::from(PASSWORD),
        device_id: DeviceId::new(device).unwrap(),
    };
    let (session, _) = stage.ok(|tx| accounts.sign_in(tx, &request));
    stage.ok(|tx| accounts.authenticate(tx, Some(session.access_token.expose())))
}

#[test]
fn a_session_sets_a_token_for_its_own_device_only() {
    let mut stage = Stage::with(&["ann"]);
    let caller = caller(&mut stage, "ann", "phone");
    let token = |text: &str| PushToken {
        provider: PushProvider::Fcm,
        token: text.to_owned(),
    };
    for (device, text, refused) in [
        ("phone", "", Some(Code::ParamsInvalid)),
        ("phone", &"x".repeat(4_097), Some(Code::ParamsInvalid)),
        ("tablet", "t", Some(Code::SessionNotFound)),
        ("phone", "t", None),
    ] {
        let token = token(text);
        match refused {
            Some(code) => assert_eq!(
                stage.refused(|tx| Push.set_token(tx, &caller, device, &token)),
                code
            ),
            None => stage.ok(|tx| Push.set_token(tx, &caller, device, &token)),
        }
    }
    assert_eq!(
        stage.refused(|tx| Push.remove_token(tx, &caller, "tablet")),
        Code::SessionNotFound
    );
    assert_eq!(caller.expires_at.since(NOW).as_secs(), 900);
}

#[test]
fn a_token_belongs_to_the_device_that_registered_it_last() {
    let mut stage = Stage::with(&["ann", "ben"]);
    let token = PushToken {
        provider: PushProvider::Fcm,
        token: "one phone".to_owned(),
    };
    // The phone is handed on: Ann's session ends without the server hearing of it.
    let (ann, ben) = (
        caller(&mut stage, "ann", "phone"),
        caller(&mut stage, "ben", "phone"),
    );
    let tokens = |stage: &mut Stage| {
        stage.ok(|tx| {
            let of = |name| pushes::devices(tx.db(), &user(name)).map(|found| found.len());
            Ok((of("ann")?, of("ben")?))
        })
    };
    stage.ok(|tx| Push.set_token(tx, &ann, "phone", &token));
    assert_eq!(tokens(&mut stage), (1, 0));
    stage.ok(|tx| Push.set_token(tx, &ben, "phone", &token));
    assert_eq!(tokens(&mut stage), (0, 1));
    // Others of the same provider, and the same of another one, stay.
    let other = PushToken {
        provider: PushProvider::Apns,
        ..token.clone()
    };
    stage.ok(|tx| Push.set_token(tx, &ann, "phone", &other));
    assert_eq!(tokens(&mut stage), (1, 1));
}
