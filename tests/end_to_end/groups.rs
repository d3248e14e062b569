//! Groups and their people, and what each has set for themselves.

use fulmar::{
    Client, CommandError, Context, Conversation, ConversationFilter, ConversationItem,
    ConversationStatus, Folder, MessageContent, NetworkState, Notice, Participant, Role, Timestamp,
    UnreadFilter, UserId, Writing,
};
use fulmar_tests::{Stage, list_until, live, patiently, until};
use serde_json::json;

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn titled<'a>(items: &'a [ConversationItem], title: &str) -> Option<&'a ConversationItem> {
    items.iter().find(|item| item.title == title)
}

/// Waits for a conversation with this title in somebody's list.
pub(crate) async fn find(client: &Client, title: &str) -> Conversation {
    let mut list = client.conversations();
    list_until(&mut list, |items| titled(items, title).is_some()).await;
    let item = titled(list.items(), title).unwrap();
    client.conversation(&item.conversation_id)
}

/// Waits until the people of a conversation are these, with these roles.
async fn people_are(chat: &Conversation, expected: &[(&str, Role)]) {
    let mut people = chat.participants();
    let as_expected = |items: &[Participant]| {
        let mut shown: Vec<_> = items
            .iter()
            .map(|person| (person.user_id.as_str(), person.role))
            .collect();
        shown.sort_by_key(|(user, _)| *user);
        shown == expected
    };
    patiently(expected, async {
        while !as_expected(people.items()) {
            people.next().await.unwrap();
        }
    })
    .await;
}

/// Alice, who made the group "Trip" with Bob; and Bob; and Carol, who is not in it.
async fn trip(stage: &Stage) -> ([Client; 3], [Conversation; 2]) {
    let mut clients = Vec::new();
    for name in ["alice", "bob", "carol"] {
        let client = stage.sign_in(name).await;
        live(&client).await;
        clients.push(client);
    }
    let hers = clients[0].create_group("Trip", ["bob"]).await.unwrap();
    let his = find(&clients[1], "Trip").await;
    // Until the server knows it, it is hers alone.
    people_are(&hers, &[("alice", Role::Admin), ("bob", Role::Member)]).await;
    let clients = clients.try_into().unwrap();
    (clients, [hers, his])
}

fn not_allowed(result: Result<(), CommandError>) {
    assert!(
        matches!(result, Err(CommandError::NotAllowed { .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn admins_add_and_remove_people_and_the_conversation_says_so() {
    let stage = Stage::new().await;
    let ([_, _, carol], [hers, his]) = trip(&stage).await;
    hers.send("before").await.unwrap();
    not_allowed(his.add_participants([user("carol")]).await);
    hers.add_participants([user("carol")]).await.unwrap();
    let three = [
        ("alice", Role::Admin),
        ("bob", Role::Member),
        ("carol", Role::Member),
    ];
    people_are(&his, &three).await;
    let carols = find(&carol, "Trip").await;
    people_are(&carols, &three).await;
    // Messages from before can be read, and are not unread.
    let mut screen = carols.timeline();
    until(&mut screen, |items| {
        items.len() == 2
            && items[0].text() == "before"
            && items[1].sender == user("alice")
            && items[1].content
                == MessageContent::System {
                    notice: Notice::ParticipantsAdded {
                        user_ids: vec![user("carol")],
                    },
                    text: "Alice added carol".to_owned(),
                }
    })
    .await;
    let mut list = carol.conversations();
    list_until(&mut list, |items| {
        titled(items, "Trip").is_some_and(|item| item.unread_count == 0)
    })
    .await;
    not_allowed(his.remove_participant(user("carol")).await);
    hers.remove_participant(user("carol")).await.unwrap();
    list_until(&mut list, <[ConversationItem]>::is_empty).await;
    people_are(&his, &three[..2]).await;
    // It does not exist for her any more, and never did as far as anyone can tell.
    let gone = carols.send("hello?").await;
    assert!(
        matches!(gone, Err(CommandError::NoSuchConversation { .. })),
        "{gone:?}"
    );
}

#[tokio::test]
async fn moderators_delete_and_rename_and_members_do_not() {
    let stage = Stage::new().await;
    let ([alice, _, _], [hers, his]) = trip(&stage).await;
    let key = hers.send("to be deleted").await.unwrap();
    let mut screen = his.timeline();
    until(&mut screen, |items| items.len() == 1).await;
    not_allowed(his.delete_for_everyone(key).await);
    not_allowed(his.set_title("Bob's trip").await);
    hers.set_role(user("bob"), Role::Moderator).await.unwrap();
    people_are(&his, &[("alice", Role::Admin), ("bob", Role::Moderator)]).await;
    his.delete_for_everyone(key).await.unwrap();
    his.set_title("Bob's trip").await.unwrap();
    let mut list = alice.conversations();
    list_until(&mut list, |items| titled(items, "Bob's trip").is_some()).await;
    let mut screen = hers.timeline();
    until(&mut screen, |items| {
        items.len() == 2
            && items[0].content == MessageContent::Deleted { by: user("bob") }
            && matches!(&items[1].content, MessageContent::System {
                notice: Notice::TitleChanged { title }, ..
            } if title == "Bob's trip")
    })
    .await;
    not_allowed(his.set_writing(Writing::Admins).await);
    not_allowed(his.set_role(user("alice"), Role::Member).await);
}

#[tokio::test]
async fn a_participant_who_leaves_is_out_at_once_and_the_group_keeps_an_admin() {
    let stage = Stage::new().await;
    let ([alice, bob, _], [hers, his]) = trip(&stage).await;
    alice.set_network(NetworkState::Unavailable);
    hers.leave().await.unwrap();
    let mut list = alice.conversations();
    list_until(&mut list, |items| titled(items, "Trip").is_none()).await;
    alice.set_network(NetworkState::Available);
    people_are(&his, &[("bob", Role::Admin)]).await;
    his.leave().await.unwrap();
    let mut list = bob.conversations();
    list_until(&mut list, |items| titled(items, "Trip").is_none()).await;
    // From a direct conversation nobody walks away.
    not_allowed(bob.create_direct("alice").await.unwrap().leave().await);
}

#[tokio::test]
async fn where_only_admins_write_the_others_read() {
    let stage = Stage::new().await;
    let ([_, bob, _], [hers, his]) = trip(&stage).await;
    let key = hers.send("rules").await.unwrap();
    hers.set_writing(Writing::Admins).await.unwrap();
    hers.send("the last word").await.unwrap();
    let mut screen = his.timeline();
    until(&mut screen, |items| items.len() == 2).await;
    let refused = his.send("but").await;
    assert!(
        matches!(refused, Err(CommandError::NotAllowed { .. })),
        "{refused:?}"
    );
    not_allowed(his.add_reaction(key, "👎").await);
    hers.set_writing(Writing::Everyone).await.unwrap();
    list_until(&mut bob.conversations(), |items| {
        titled(items, "Trip").is_some_and(|item| item.writing == Writing::Everyone)
    })
    .await;
    his.send("thanks").await.unwrap();
}

#[tokio::test]
async fn a_conversation_shows_what_it_is_about() {
    let stage = Stage::new().await;
    let ([_, bob, _], [hers, _]) = trip(&stage).await;
    let about = Context {
        kind: "order".to_owned(),
        id: "o-7".to_owned(),
        title: "Bicycle".to_owned(),
        extra: json!({"price": 250}),
    };
    hers.set_context(about.clone()).await.unwrap();
    hers.set_avatar_url(Some("https://example.com/bicycle.png".to_owned()))
        .await
        .unwrap();
    let mut list = bob.conversations();
    list_until(&mut list, |items| {
        titled(items, "Trip").is_some_and(|item| {
            item.context.as_ref() == Some(&about)
                && item.avatar_url.as_deref() == Some("https://example.com/bicycle.png")
        })
    })
    .await;
    hers.set_avatar_url(None).await.unwrap();
    list_until(&mut list, |items| {
        titled(items, "Trip").is_some_and(|item| item.avatar_url.is_none())
    })
    .await;
}

#[tokio::test]
async fn settings_follow_to_the_other_devices_and_stay_ones_own() {
    let stage = Stage::new().await;
    let ([alice, bob, _], [hers, his]) = trip(&stage).await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let mut on_tablet = tablet.conversations();
    his.send("newest").await.unwrap();
    list_until(&mut on_tablet, |items| {
        items.first().is_some_and(|item| item.title == "Trip")
    })
    .await;
    // Pinned ones are above the last active.
    let general = find(&alice, "General Chat").await;
    general.pin().await.unwrap();
    list_until(&mut on_tablet, |items| {
        items[0].title == "General Chat" && items[0].settings.pinned
    })
    .await;
    general.unpin().await.unwrap();
    list_until(&mut on_tablet, |items| {
        items.first().is_some_and(|item| item.title == "Trip")
    })
    .await;
    // Offline, several changes at once.
    alice.set_network(NetworkState::Unavailable);
    let until_then = Timestamp(4_000_000_000_000);
    hers.mute(Some(until_then)).await.unwrap();
    hers.mark_unread().await.unwrap();
    hers.archive().await.unwrap();
    let mut here = alice.conversations();
    list_until(&mut here, |items| titled(items, "Trip").is_none()).await;
    alice.set_network(NetworkState::Available);
    list_until(&mut on_tablet, |items| titled(items, "Trip").is_none()).await;
    let mut archive = tablet.filtered_conversations(ConversationFilter {
        folder: Folder::Archive,
        unread: UnreadFilter::OnlyUnread,
        kind: None,
    });
    list_until(&mut archive, |items| {
        titled(items, "Trip").is_some_and(|item| {
            item.settings.muted_until == Some(until_then) && item.settings.marked_unread
        })
    })
    .await;
    // Nobody else sees any of it.
    let mut his_list = bob.conversations();
    list_until(&mut his_list, |items| {
        titled(items, "Trip").is_some_and(|item| item.settings == fulmar::Settings::default())
    })
    .await;
    // Reading ends the mark; a new message leaves it in the archive.
    let item = archive.items()[0].clone();
    hers.mark_read_up_to(item.last_position).await.unwrap();
    list_until(&mut archive, <[ConversationItem]>::is_empty).await;
    hers.unmute().await.unwrap();
    hers.unarchive().await.unwrap();
    list_until(&mut on_tablet, |items| {
        titled(items, "Trip").is_some_and(|item| item.settings == fulmar::Settings::default())
    })
    .await;
}

#[tokio::test]
async fn a_hidden_conversation_comes_back_with_the_next_message() {
    let stage = Stage::new().await;
    let ([alice, _, _], [hers, his]) = trip(&stage).await;
    hers.send("something").await.unwrap();
    let mut list = alice.conversations();
    hers.hide().await.unwrap();
    list_until(&mut list, |items| titled(items, "Trip").is_none()).await;
    his.send("anybody there?").await.unwrap();
    list_until(&mut list, |items| titled(items, "Trip").is_some()).await;
    // Also with one of one's own, at once.
    alice.set_network(NetworkState::Unavailable);
    hers.hide().await.unwrap();
    list_until(&mut list, |items| titled(items, "Trip").is_none()).await;
    hers.send("me").await.unwrap();
    list_until(&mut list, |items| titled(items, "Trip").is_some()).await;
    alice.set_network(NetworkState::Available);
    live(&alice).await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    list_until(&mut tablet.conversations(), |items| {
        titled(items, "Trip").is_some()
    })
    .await;
}

#[tokio::test]
async fn messages_that_were_never_sent_outlive_being_removed() {
    let stage = Stage::new().await;
    let ([_, bob, _], [hers, his]) = trip(&stage).await;
    bob.set_network(NetworkState::Unavailable);
    let key = his.send("in vain").await.unwrap();
    hers.remove_participant(user("bob")).await.unwrap();
    people_are(&hers, &[("alice", Role::Admin)]).await;
    bob.set_network(NetworkState::Available);
    let mut list = bob.conversations();
    list_until(&mut list, |items| {
        titled(items, "Trip").is_some_and(|item| item.status == ConversationStatus::Left)
    })
    .await;
    let mut screen = his.timeline();
    until(&mut screen, |items| {
        items
            .last()
            .is_some_and(|item| matches!(item.state, fulmar::MessageState::Failed { .. }))
    })
    .await;
    not_allowed(his.send("more").await.map(|_| ()));
    bob.outbox().discard(key).await.unwrap();
    list_until(&mut list, |items| titled(items, "Trip").is_none()).await;
}

#[tokio::test]
async fn drafts_stay_on_the_device() {
    let stage = Stage::new().await;
    let ([alice, _, _], [hers, _]) = trip(&stage).await;
    hers.set_draft("What I always wanted to s").await.unwrap();
    let mut list = alice.conversations();
    list_until(&mut list, |items| {
        titled(items, "Trip").is_some_and(|item| item.draft == "What I always wanted to s")
    })
    .await;
    drop(list);
    let id = hers.id().clone();
    drop(hers);
    alice.close().await;
    let again = stage.open("alice").await;
    list_until(&mut again.conversations(), |items| {
        titled(items, "Trip").is_some_and(|item| item.draft == "What I always wanted to s")
    })
    .await;
    again.conversation(&id).set_draft("").await.unwrap();
    list_until(&mut again.conversations(), |items| {
        titled(items, "Trip").is_some_and(|item| item.draft.is_empty())
    })
    .await;
}
