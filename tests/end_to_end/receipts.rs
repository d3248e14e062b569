//! Who has what, and who has read it.

use fulmar::{MessageItem, NetworkState, Participant, Position, Receipts, Visibility};
use fulmar_tests::{Person, Stage, list_until, live, patiently, until};

fn receipts(items: &[MessageItem]) -> Vec<(u32, u32, u32)> {
    items
        .iter()
        .filter_map(|item| item.receipts)
        .map(
            |Receipts {
                 others,
                 delivered,
                 read,
             }| (others, delivered, read),
        )
        .collect()
}

#[tokio::test]
async fn a_message_is_sent_then_delivered_then_read() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    bob.client.set_network(NetworkState::Unavailable);
    alice.say(&["one"]).await;
    until(&mut alice.screen, |items| receipts(items) == [(1, 0, 0)]).await;
    // The device says so by itself, once it has it.
    bob.client.set_network(NetworkState::Available);
    until(&mut alice.screen, |items| receipts(items) == [(1, 1, 0)]).await;
    bob.chat.mark_read_up_to(Position(1)).await.unwrap();
    until(&mut alice.screen, |items| receipts(items) == [(1, 1, 1)]).await;
    // What Bob writes is not for him to be told of.
    bob.say(&["two"]).await;
    until(&mut alice.screen, |items| {
        items.len() == 2 && items[1].receipts.is_none()
    })
    .await;
}

#[tokio::test]
async fn in_a_group_it_says_how_many_and_who() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let bob = stage.sign_in("bob").await;
    live(&alice).await;
    live(&bob).await;
    let chat = alice.create_group("Trip", ["bob", "carol"]).await.unwrap();
    chat.send("hello").await.unwrap();
    let mut screen = chat.timeline();
    // Carol has no device yet.
    until(&mut screen, |items| receipts(items) == [(2, 1, 0)]).await;
    let carol = stage.sign_in("carol").await;
    until(&mut screen, |items| receipts(items) == [(2, 2, 0)]).await;
    let mut list = carol.conversations();
    list_until(&mut list, |items| items.len() == 1).await;
    let hers = carol.conversation(&list.items()[0].conversation_id);
    hers.mark_read_up_to(Position(1)).await.unwrap();
    until(&mut screen, |items| receipts(items) == [(2, 2, 1)]).await;
    let mut people = chat.participants();
    let read = |people: &[Participant]| -> Vec<_> {
        people
            .iter()
            .filter(|person| person.read_to >= Position(1))
            .map(|person| person.user_id.to_string())
            .collect()
    };
    patiently("Carol to have read it", async {
        while read(people.items()) != ["carol"] {
            people.next().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_visible_is_marked_as_read() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    bob.say(&["one", "two"]).await;
    alice.sees(&["one", "two"]).await;
    let mut list = alice.client.conversations();
    let unread = |items: &[fulmar::ConversationItem]| {
        items
            .iter()
            .find(|item| item.title == "Bob")
            .map(|item| item.unread_count)
    };
    list_until(&mut list, |items| unread(items) == Some(2)).await;
    // Somebody looks, and goes on looking.
    alice.screen.set_visibility(Visibility::Visible);
    let looking = tokio::spawn(async move {
        while alice.screen.next().await.is_ok() {
            if alice.screen.items().len() == 4 {
                alice.screen.set_visibility(Visibility::Hidden);
            }
        }
    });
    list_until(&mut list, |items| unread(items) == Some(0)).await;
    until(&mut bob.screen, |items| {
        receipts(items) == [(1, 1, 1), (1, 1, 1)]
    })
    .await;
    bob.say(&["three"]).await;
    until(&mut bob.screen, |items| {
        receipts(items) == [(1, 1, 1), (1, 1, 1), (1, 1, 1)]
    })
    .await;
    // Nobody looks any more.
    bob.say(&["four", "five"]).await;
    list_until(&mut list, |items| unread(items) == Some(2)).await;
    alice.client.close().await;
    looking.await.unwrap();
}

#[tokio::test]
async fn a_mark_as_unread_follows_and_ends_with_reading() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    bob.say(&["one"]).await;
    alice.sees(&["one"]).await;
    alice.chat.mark_read_up_to(Position(1)).await.unwrap();
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let tablet = Person::beside_general_chat(tablet, "Bob").await;
    let mut list = tablet.client.conversations();
    let marked = |items: &[fulmar::ConversationItem]| {
        items
            .iter()
            .find(|item| item.title == "Bob")
            .map(|item| (item.unread_count, item.settings.marked_unread))
    };
    list_until(&mut list, |items| marked(items) == Some((0, false))).await;
    alice.chat.mark_unread().await.unwrap();
    list_until(&mut list, |items| marked(items) == Some((0, true))).await;
    tablet.chat.mark_read_up_to(Position(1)).await.unwrap();
    let mut hers = alice.client.conversations();
    list_until(&mut hers, |items| marked(items) == Some((0, false))).await;
}
