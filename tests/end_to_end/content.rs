//! What messages can say beside a text: replies, mentions, payloads, forwarded messages; and the
//! preview of the newest.

use fulmar::{
    CommandError, ConversationItem, MessageContent, MessageItem, NetworkState, NewMessage, Payload,
};
use fulmar_tests::{Stage, list_until, live, until};
use serde_json::json;

use crate::messages::{offline, online, only, user};

#[tokio::test]
async fn replies_show_what_they_answer_as_it_is_now() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let question = alice.chat.send("tea?").await.unwrap();
    bob.sees(&["tea?"]).await;
    bob.chat
        .send(NewMessage::text("yes").reply_to(question))
        .await
        .unwrap();
    let quotes = |items: &[MessageItem], text: &str| {
        items.last().is_some_and(|item| {
            let quote = item.reply_to.as_ref();
            let quoted = quote.and_then(|quote| quote.message.as_ref());
            quote.is_some_and(|quote| quote.key == question)
                && quoted.is_some_and(|quoted| {
                    quoted.sender == user("alice") && quoted.content.text() == text
                })
        })
    };
    until(&mut alice.screen, |items| {
        items.len() == 2 && quotes(items, "tea?")
    })
    .await;
    alice.chat.edit(question, "coffee?").await.unwrap();
    until(&mut bob.screen, |items| quotes(items, "coffee?")).await;
}

#[tokio::test]
async fn mentions_are_counted_apart() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    alice.say(&["nothing special"]).await;
    alice
        .chat
        .send(
            NewMessage::text("look, @Bob and @Carol")
                .mention(user("bob"))
                .mention(user("carol")),
        )
        .await
        .unwrap();
    let mut list = bob.client.conversations();
    let counts = |items: &[ConversationItem]| {
        items
            .iter()
            .find(|item| item.title == "Alice")
            .map(|item| (item.unread_count, item.unread_mentions))
    };
    list_until(&mut list, |items| counts(items) == Some((2, 1))).await;
    let mut screen = bob.chat.timeline();
    // A user who does not take part is not mentioned.
    until(&mut screen, |items| {
        items.last().is_some_and(|item| {
            matches!(&item.content, MessageContent::Text { mentions, .. }
                if *mentions == [user("bob")])
        })
    })
    .await;
    bob.client.set_network(NetworkState::Unavailable);
    bob.chat.mark_read_up_to(fulmar::Position(1)).await.unwrap();
    list_until(&mut list, |items| counts(items) == Some((1, 1))).await;
    bob.chat.mark_read_up_to(fulmar::Position(2)).await.unwrap();
    list_until(&mut list, |items| counts(items) == Some((0, 0))).await;
    bob.client.set_network(NetworkState::Available);
    let tablet = stage.sign_in_on("bob", "bob-tablet").await;
    list_until(&mut tablet.conversations(), |items| {
        counts(items) == Some((0, 0))
    })
    .await;
}

#[tokio::test]
async fn what_one_has_hidden_is_not_unread_on_any_device() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["plain"]).await;
    let mention = NewMessage::text("look, @Bob").mention(user("bob"));
    let key = alice.chat.send(mention).await.unwrap();
    bob.sees(&["plain", "look, @Bob"]).await;
    let counts = |items: &[ConversationItem]| {
        items
            .iter()
            .find(|item| item.title == "Alice")
            .map(|item| (item.unread_count, item.unread_mentions))
    };
    let tablet = stage.sign_in_on("bob", "bob-tablet").await;
    let mut lists = [bob.client.conversations(), tablet.conversations()];
    for list in &mut lists {
        list_until(list, |items| counts(items) == Some((2, 1))).await;
    }
    bob.chat.delete_for_me(key).await.unwrap();
    for list in &mut lists {
        list_until(list, |items| counts(items) == Some((1, 0))).await;
    }
    // A device that comes later hears the same from its snapshot.
    let laptop = stage.sign_in_on("bob", "bob-laptop").await;
    list_until(&mut laptop.conversations(), |items| {
        counts(items) == Some((1, 0))
    })
    .await;
}

#[tokio::test]
async fn what_an_app_defined_travels_with_words_for_old_apps() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let place = Payload {
        kind: "location".to_owned(),
        data: json!({"lat": 52.5, "lon": 13.4}),
    };
    alice
        .chat
        .send(NewMessage::custom(place.clone(), "A place in Berlin"))
        .await
        .unwrap();
    until(&mut bob.screen, |items| {
        only(items).is_some_and(|item| {
            item.content
                == MessageContent::Custom {
                    payload: place.clone(),
                    text: "A place in Berlin".to_owned(),
                    attachments: Vec::new(),
                }
        })
    })
    .await;
    let huge = Payload {
        kind: "blob".to_owned(),
        data: json!("x".repeat(9_000)),
    };
    let refused = alice.chat.send(NewMessage::custom(huge, "too much")).await;
    assert!(
        matches!(refused, Err(CommandError::Invalid { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_forwarded_message_names_who_wrote_it_first() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("a good story").await.unwrap();
    bob.sees(&["a good story"]).await;
    let carol = stage.sign_in("carol").await;
    live(&carol).await;
    let with_carol = bob.client.create_direct("carol").await.unwrap();
    offline(&bob).await;
    let forwarded = with_carol.forward(key).await.unwrap();
    let mut screen = with_carol.timeline();
    until(&mut screen, |items| {
        only(items).is_some_and(|item| {
            item.key == forwarded
                && item.text() == "a good story"
                && item.forwarded_from == Some(user("alice"))
        })
    })
    .await;
    online(&bob).await;
    let mut list = carol.conversations();
    list_until(&mut list, |items| items.len() == 1).await;
    let with_bob = carol.conversation(&list.items()[0].conversation_id);
    until(&mut with_bob.timeline(), |items| {
        only(items).is_some_and(|item| {
            item.text() == "a good story"
                && item.sender == user("bob")
                && item.forwarded_from == Some(user("alice"))
        })
    })
    .await;
    // It is not Bob's to rewrite.
    let refused = with_carol.edit(forwarded, "a bad story").await;
    assert!(
        matches!(refused, Err(CommandError::NotAllowed { .. })),
        "{refused:?}"
    );
    alice.sees(&["a good story"]).await;
}

#[tokio::test]
async fn the_list_shows_the_newest_message_as_it_is_now() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["first"]).await;
    let key = alice.chat.send("secnd").await.unwrap();
    bob.sees(&["first", "secnd"]).await;
    alice.chat.edit(key, "second").await.unwrap();
    let mut list = bob.client.conversations();
    let preview = |items: &[ConversationItem]| {
        items
            .iter()
            .find(|item| item.title == "Alice")
            .and_then(|item| item.preview.clone())
            .map(|preview| preview.content)
    };
    list_until(&mut list, |items| {
        preview(items).is_some_and(|content| content.text() == "second")
    })
    .await;
    bob.chat.delete_for_me(key).await.unwrap();
    list_until(&mut list, |items| {
        preview(items).is_some_and(|content| content.text() == "first")
    })
    .await;
    let mut hers = alice.client.conversations();
    alice.chat.delete_for_everyone(key).await.unwrap();
    let preview = |items: &[ConversationItem]| {
        items
            .iter()
            .find(|item| item.title == "Bob")
            .and_then(|item| item.preview.clone())
            .map(|preview| preview.content)
    };
    list_until(&mut hers, |items| {
        preview(items) == Some(MessageContent::Deleted { by: user("alice") })
    })
    .await;
}
