use fulmar_protocol::{Code, DeviceId, MeUpdate, PresenceSetting, Secret, SignInRequest};

use super::{AccountNews, Refreshed};
use crate::store::users::{presence, write};
use crate::testing::{NOW, PASSWORD, Stage, accounts, user};

fn sign_in_request(name: &str, password: &str, device: &str) -> SignInRequest {
    SignInRequest {
        user_id: user(name),
        password: Secret::from(password),
        device_id: DeviceId::new(device).unwrap(),
    }
}

#[test]
fn a_device_keeps_its_newest_session_when_it_signs_in_again() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann"]);
    let mut ended = Vec::new();
    for _ in 0..4 {
        let (_, news) =
            stage.ok(|tx| accounts.sign_in(tx, &sign_in_request("ann", PASSWORD, "phone")));
        ended.push(news.len() - 1);
        assert_eq!(news.last(), Some(&AccountNews::SessionStarted(user("ann"))));
    }
    assert_eq!(ended, [0, 0, 1, 1]);
}

#[test]
fn who_is_gone_is_not_seen() {
    let mut stage = Stage::with(&["ann"]);
    let mut seen = |name: &str| stage.ok(|tx| presence(tx.db(), &user(name)));
    assert_eq!(seen("ann"), (PresenceSetting::Shown, None));
    assert_eq!(seen("nobody"), (PresenceSetting::Hidden, None));
}

#[test]
fn unknown_users_and_wrong_passwords_look_alike() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann"]);
    for request in [
        sign_in_request("ann", "wrong", "d"),
        sign_in_request("nobody", PASSWORD, "d"),
    ] {
        assert_eq!(
            stage.refused(|tx| accounts.sign_in(tx, &request)),
            Code::CredentialsInvalid
        );
    }
}

#[test]
fn a_refresh_token_that_is_used_again_after_its_successor_ends_the_session() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann"]);
    let (session, _) = stage.ok(|tx| accounts.sign_in(tx, &sign_in_request("ann", PASSWORD, "d")));
    let first = session.refresh_token;
    let mut refresh = |token: &Secret| match stage.ok(|tx| accounts.refresh(tx, token)) {
        Refreshed::Fresh(session) => Some(session.refresh_token),
        Refreshed::Reused(_) => None,
    };
    let second = refresh(&first).unwrap();
    // The answer was lost: the same question has the same answer.
    assert_eq!(refresh(&first).unwrap().expose(), second.expose());
    let third = refresh(&second).unwrap();
    assert!(refresh(&first).is_none());
    // The session is gone for good.
    assert_eq!(
        stage.refused(|tx| accounts.refresh(tx, &third)),
        Code::SessionRevoked
    );
    assert_eq!(
        stage.refused(|tx| accounts.authenticate(tx, Some(session.access_token.expose()))),
        Code::TokenInvalid
    );
}

#[test]
fn passwords_are_not_guessed_without_end_whether_there_is_such_a_user_or_not() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann", "ben"]);
    for name in ["ann", "nobody"] {
        for _ in 0..10 {
            let code =
                stage.refused(|tx| accounts.sign_in(tx, &sign_in_request(name, "wrong", "d")));
            assert_eq!(code, Code::CredentialsInvalid, "{name}");
        }
        // The right one is not looked at either, so that it cannot be told from a wrong one.
        let code = stage.refused(|tx| accounts.sign_in(tx, &sign_in_request(name, PASSWORD, "d")));
        assert_eq!(code, Code::RateLimited, "{name}");
    }
    stage.ok(|tx| accounts.sign_in(tx, &sign_in_request("ben", PASSWORD, "d")));
    stage.now = NOW.plus(std::time::Duration::from_secs(60));
    stage.ok(|tx| accounts.sign_in(tx, &sign_in_request("ann", PASSWORD, "d")));
}

#[test]
fn a_refresh_token_that_was_never_given_ends_nothing() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann"]);
    let (session, _) = stage.ok(|tx| accounts.sign_in(tx, &sign_in_request("ann", PASSWORD, "d")));
    let real = session.refresh_token.expose().to_owned();
    let id = real.split('.').next().unwrap();
    let sealed = real.rsplit_once('.').unwrap().0;
    for made_up in [
        format!("{id}."),
        format!("{id}.00"),
        format!("{id}.{}.{}", "0".repeat(64), "0".repeat(64)),
        format!("{sealed}.{}", "é".repeat(32)),
        sealed.to_owned(),
    ] {
        let token = Secret::new(made_up.clone());
        assert_eq!(
            stage.refused(|tx| accounts.refresh(tx, &token)),
            Code::SessionRevoked,
            "{made_up}"
        );
        assert!(stage.ok(|tx| accounts.sign_out(tx, &token)).is_empty());
    }
    stage.ok(|tx| accounts.refresh(tx, &session.refresh_token));
}

#[test]
fn an_access_token_runs_out_and_belongs_to_one_session() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann"]);
    let (session, _) = stage.ok(|tx| accounts.sign_in(tx, &sign_in_request("ann", PASSWORD, "d")));
    let token = session.access_token.expose().to_owned();
    let caller = stage.ok(|tx| accounts.authenticate(tx, Some(&token)));
    assert_eq!(caller.user_id, user("ann"));
    stage.now = caller.expires_at;
    assert_eq!(
        stage.refused(|tx| accounts.authenticate(tx, Some(&token))),
        Code::TokenExpired
    );
    stage.now = NOW;
    let news = stage.ok(|tx| accounts.sign_out(tx, &session.refresh_token));
    assert_eq!(news.len(), 1);
    assert!(
        stage
            .ok(|tx| accounts.sign_out(tx, &session.refresh_token))
            .is_empty()
    );
    assert_eq!(
        stage.refused(|tx| accounts.authenticate(tx, Some(&token))),
        Code::TokenInvalid
    );
}

#[test]
fn a_change_that_changes_nothing_is_no_news() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann", "ben"]);
    let (ann, ben) = (user("ann"), user("ben"));
    let (_, news) = stage.ok(|tx| accounts.block(tx, &ann, &ben));
    assert_eq!(news.len(), 1);
    let (_, news) = stage.ok(|tx| accounts.block(tx, &ann, &ben));
    assert_eq!(news, []);
    let (list, news) = stage.ok(|tx| accounts.unblock(tx, &ann, &ben));
    assert_eq!((list.user_ids.len(), news.len()), (0, 1));
    let (_, news) = stage.ok(|tx| accounts.unblock(tx, &ann, &ben));
    assert_eq!(news, []);

    let renamed = |name: &str| MeUpdate {
        name: Some(name.to_owned()),
        ..MeUpdate::default()
    };
    for blank in [" ", "\u{2800}\u{200B}"] {
        assert_eq!(
            stage.refused(|tx| accounts.update_me(tx, &ann, renamed(blank))),
            Code::ParamsInvalid
        );
    }
    let news = stage.ok(|tx| accounts.update_me(tx, &ann, renamed("ann")));
    assert_eq!(news, []);
    let news = stage.ok(|tx| accounts.update_me(tx, &ann, renamed("Ann")));
    assert_eq!(news.len(), 1);
    let hidden = MeUpdate {
        presence: Some(PresenceSetting::Hidden),
        ..MeUpdate::default()
    };
    let news = stage.ok(|tx| accounts.update_me(tx, &ann, hidden));
    assert_eq!(news, [AccountNews::PresenceSettingChanged(ann.clone())]);
}

#[test]
fn who_blocks_somebody_does_not_exist_for_them() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann", "ben"]);
    let (ann, ben) = (user("ann"), user("ben"));
    stage.ok(|tx| accounts.block(tx, &ann, &ben));
    assert_eq!(
        stage.refused(|tx| accounts.user(tx, &ben, &ann)),
        Code::UserNotFound
    );
    stage.ok(|tx| accounts.user(tx, &ann, &ben));
    let found = stage.ok(|tx| accounts.users(tx, &ben, "n", 10));
    let ids: Vec<_> = found
        .users
        .iter()
        .map(|user| user.user_id.as_str())
        .collect();
    assert_eq!(ids, ["ben"]);
    assert_eq!(
        stage.refused(|tx| accounts.block(tx, &ann, &ann)),
        Code::ParamsInvalid
    );
}

#[test]
fn as_many_users_are_blocked_as_there_is_room_for() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let others: Vec<_> = (0..1_001)
        .map(|number| user(&format!("u{number}")))
        .collect();
    stage.ok(|tx| {
        for other in &others {
            write::insert(tx.db(), other, "Somebody", "no hash", "log")?;
        }
        Ok(())
    });
    for other in &others[..1_000] {
        stage.ok(|tx| accounts.block(tx, &ann, other));
    }
    let one_more = stage.refused(|tx| accounts.block(tx, &ann, &others[1_000]));
    assert_eq!(one_more, Code::ParamsInvalid);
    // Those who are blocked are no more for it.
    stage.ok(|tx| accounts.block(tx, &ann, &others[7]));
}

#[test]
fn nobody_gets_the_id_of_a_deleted_account() {
    let accounts = accounts();
    let mut stage = Stage::with(&["ann"]);
    let ann = user("ann");
    let news = stage.ok(|tx| accounts.delete(tx, &ann));
    assert_eq!(news, [AccountNews::Deleted(ann.clone())]);
    let password = Secret::from(PASSWORD);
    assert_eq!(
        stage.refused(|tx| accounts.add_user(tx, &ann, "Ann", &password)),
        Code::UserExists
    );
}
