//! Who is there, and who sees it.

use fulmar::{Client, NetworkState, Presence, PresenceSetting, PresenceWatch, UserId};
use fulmar_tests::{Stage, list_until, live, patiently};

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

async fn is(watch: &mut PresenceWatch, expected: impl Fn(&Presence) -> bool) -> Presence {
    patiently("presence", async {
        loop {
            let presence = watch.next().await.unwrap();
            if expected(&presence) {
                return presence;
            }
        }
    })
    .await
}

fn online(presence: &Presence) -> bool {
    *presence == Presence::Online
}

/// Offline, and seen before.
fn seen(presence: &Presence) -> bool {
    matches!(
        presence,
        Presence::Offline {
            last_seen_at: Some(_)
        }
    )
}

async fn leaves(client: &Client) {
    client.set_network(NetworkState::Unavailable);
}

#[tokio::test]
async fn people_who_share_a_conversation_see_each_other_come_and_go() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    live(&alice).await;
    // The demo's conversation is one that they share.
    let mut bobs = alice.presence(&user("bob"));
    is(&mut bobs, |presence| {
        *presence == Presence::Offline { last_seen_at: None }
    })
    .await;
    let bob = stage.sign_in("bob").await;
    is(&mut bobs, online).await;
    // The list shows it too.
    alice.create_direct("bob").await.unwrap();
    let mut list = alice.conversations();
    list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| item.other == Some(user("bob")) && item.presence == Presence::Online)
    })
    .await;
    // With two devices he is there as long as one of them is.
    let tablet = stage.sign_in_on("bob", "bob-tablet").await;
    live(&tablet).await;
    leaves(&bob).await;
    let mut hers = tablet.presence(&user("alice"));
    is(&mut hers, online).await;
    assert!(online(&alice.presence(&user("bob")).next().await.unwrap()));
    leaves(&tablet).await;
    is(&mut bobs, seen).await;
    list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| item.other == Some(user("bob")) && seen(&item.presence))
    })
    .await;
    // Who is not connected knows nothing.
    is(&mut hers, |presence| *presence == Presence::Unknown).await;
}

#[tokio::test]
async fn strangers_see_nothing_until_they_meet() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let carol = stage.sign_in("carol").await;
    live(&alice).await;
    live(&carol).await;
    let mut carols = alice.presence(&user("carol"));
    assert_eq!(carols.next().await.unwrap(), Presence::Unknown);
    carol.create_direct("alice").await.unwrap();
    is(&mut carols, online).await;
}

#[tokio::test]
async fn a_user_who_hides_is_offline_to_all_others() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let bob = stage.sign_in("bob").await;
    live(&alice).await;
    live(&bob).await;
    let mut bobs = alice.presence(&user("bob"));
    is(&mut bobs, online).await;
    bob.account()
        .set_presence(PresenceSetting::Hidden)
        .await
        .unwrap();
    is(&mut bobs, |presence| {
        *presence == Presence::Offline { last_seen_at: None }
    })
    .await;
    bob.account()
        .set_presence(PresenceSetting::Shown)
        .await
        .unwrap();
    is(&mut bobs, online).await;
    leaves(&bob).await;
    assert!(
        bob.account()
            .set_presence(PresenceSetting::Hidden)
            .await
            .is_err()
    );
}
