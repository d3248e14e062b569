use fulmar_protocol::{Code, DeviceId, LoginRequest, PushProvider, PushToken, Secret};

use super::Push;
use crate::actor::Caller;
use crate::testing::{NOW, PASSWORD, Stage, accounts, user};

fn caller(stage: &mut Stage, device: &str) -> Caller {
    let accounts = accounts();
    let request = LoginRequest {
        user_id: user("ann"),
        password: Secret::from(PASSWORD),
        device_id: DeviceId::new(device).unwrap(),
    };
    let (session, _) = stage.ok(|tx| accounts.login(tx, &request));
    stage.ok(|tx| accounts.authenticate(tx, Some(session.access_token.expose())))
}

#[test]
fn a_session_sets_a_token_for_its_own_device_only() {
    let mut stage = Stage::with(&["ann"]);
    let caller = caller(&mut stage, "phone");
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
