//! Robots and acts: participants that a test needs no client for.

use std::time::Duration;

use fulmar::{MessageItem, TimelineItem};
use fulmar_mock_server::{Act, MockServer, Robot, Step, Trigger};
use fulmar_tests::{DEADLINE, Person, Stage, messages, patiently, shown, until};
use serde_json::json;

fn robot(user: &str, on: Trigger, steps: impl IntoIterator<Item = Step>) -> Robot {
    Robot {
        user: user.to_owned(),
        conversation: None,
        on,
        steps: steps.into_iter().collect(),
        times: None,
    }
}

fn act(user: &str, conversation: &str, steps: impl IntoIterator<Item = Step>) -> Act {
    Act {
        user: user.to_owned(),
        conversation: Some(conversation.to_owned()),
        steps: steps.into_iter().collect(),
    }
}

/// Alice alone, in the demo's group, with a clock that stands still.
async fn alice() -> (Stage, Person) {
    let stage = Stage::new().await;
    let client = stage.sign_in("alice").await;
    fulmar_tests::live(&client).await;
    let mut list = client.conversations();
    fulmar_tests::list_until(&mut list, |items| items.len() == 1).await;
    let chat = client.conversation(&list.items()[0].conversation_id);
    let mut alice = Person::new(client, chat);
    until(&mut alice.screen, |items| items.len() == 2).await;
    (stage, alice)
}

async fn shows(alice: &mut Person, expected: impl Fn(&[&str]) -> bool) {
    until(&mut alice.screen, |items| expected(&shown(items))).await;
}

#[tokio::test]
async fn it_types_first_and_then_answers_after_a_while() {
    let (stage, mut alice) = alice().await;
    stage.server.stop_clock();
    let steps = [
        Step::WaitMs(1_000),
        Step::Read,
        Step::TypeMs(2_000),
        Step::Reply("You said {text}, {sender}".to_owned()),
    ];
    stage
        .server
        .add_robot(robot("bob", Trigger::Message, steps))
        .unwrap();
    let mut typing = alice.chat.typing_users();
    alice.say(&["hello"]).await;
    alice.sees_last("hello").await;
    // Nothing happens as long as no time passes.
    assert!(
        messages(&alice.screen)
            .iter()
            .all(|item| item.sender.as_str() != "bob" || item.text().starts_with("Hi"))
    );
    stage.server.advance(Duration::from_millis(1_000));
    patiently("typing", async {
        while typing.next().await.unwrap().is_empty() {}
    })
    .await;
    stage.server.advance(Duration::from_millis(2_000));
    shows(&mut alice, |texts| {
        texts.last() == Some(&"You said hello, alice")
    })
    .await;
    patiently("the end of typing", async {
        while !typing.next().await.unwrap().is_empty() {}
    })
    .await;
    let answer = messages(&alice.screen).pop().unwrap();
    assert!(answer.reply_to.is_some(), "{answer:?}");
}

#[tokio::test]
async fn it_reacts_edits_and_deletes_and_hears_no_other_robot() {
    let (stage, mut alice) = alice().await;
    let thanks = robot(
        "bob",
        Trigger::Text("thank".to_owned()),
        [Step::React("❤️".to_owned())],
    );
    let echo = robot(
        "bob",
        Trigger::Message,
        [Step::Echo, Step::Edit("I said {text}".to_owned())],
    );
    let deaf = robot("bob", Trigger::Mention, [Step::Say("mentioned".to_owned())]);
    for robot in [thanks, echo, deaf] {
        stage.server.add_robot(robot).unwrap();
    }
    alice.say(&["thank you"]).await;
    shows(&mut alice, |texts| {
        texts.last() == Some(&"I said thank you")
    })
    .await;
    until(&mut alice.screen, |items| {
        items
            .iter()
            .any(|item: &MessageItem| item.reactions.iter().any(|reaction| reaction.emoji == "❤️"))
    })
    .await;
    assert!(!shown(&messages(&alice.screen)).contains(&"mentioned"));
    let group = "General Chat";
    stage
        .server
        .act(act("bob", group, [Step::Delete]))
        .await
        .unwrap();
    until(&mut alice.screen, |items| {
        items.last().is_some_and(|item| item.text().is_empty())
    })
    .await;
}

#[tokio::test]
async fn bursts_joining_and_leaving_in_one_act_each() {
    let (stage, mut alice) = alice().await;
    let server = &stage.server;
    let burst = Step::Burst {
        count: 150,
        text: "number {n}".to_owned(),
    };
    let outcomes = server
        .act(act("bob", "General Chat", [burst]))
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 150);
    shows(&mut alice, |texts| texts.last() == Some(&"number 150")).await;
    let join = Step::Join {
        by: "alice".to_owned(),
        to: "General Chat".to_owned(),
    };
    let joining = Act {
        conversation: None,
        ..act("carol", "", [join])
    };
    server.act(joining).await.unwrap();
    server
        .act(act(
            "carol",
            "General Chat",
            [Step::Say("hi".to_owned()), Step::Leave],
        ))
        .await
        .unwrap();
    until(&mut alice.screen, |items| shown(items).contains(&"hi")).await;
    patiently("the notice", async {
        while !alice
            .screen
            .items()
            .iter()
            .rev()
            .take(2)
            .any(|item| matches!(item, TimelineItem::Message(item) if item.text().contains("left")))
        {
            alice.screen.next().await.unwrap();
        }
    })
    .await;
    // A user who has left cannot write any more, and the act says why.
    let refused = server
        .act(act(
            "carol",
            "General Chat",
            [Step::Say("again".to_owned())],
        ))
        .await;
    assert!(refused.is_err());
    assert!(
        server
            .act(act("nobody", "General Chat", [Step::Read]))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn over_http_any_participant_acts_with_one_call() {
    let server = MockServer::builder().demo().admin(0).start().await.unwrap();
    let admin = format!("{}/admin/worlds/main", server.admin_url().unwrap());
    let post = async |path: &str, body: serde_json::Value| {
        let request = crate::server::http()
            .post(format!("{admin}/{path}"))
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let answer: serde_json::Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        (status, answer)
    };
    let say =
        json!({"user": "bob", "conversation": "General Chat", "do": [{"say": "from a test"}]});
    let (status, answer) = post("act", say).await;
    assert_eq!(status, 200, "{answer}");
    let key = &answer["outcomes"][0]["message"]["operationKey"];
    let edit = json!({"operation": {"method": "message.edit", "params": {"messageKey": key, "text": "changed"}}});
    let (status, answer) = post(
        "act",
        json!({"user": "bob", "conversation": "General Chat", "do": [edit]}),
    )
    .await;
    // An operation by itself says where it is about, unless it is said around it.
    assert_eq!(
        (status, &answer["outcomes"][0]["status"]),
        (200, &json!("applied")),
        "{answer}"
    );
    let wrong = json!({"user": "bob", "do": [{"operation": {"method": "no.such"}}]});
    assert_eq!(post("act", wrong).await.0, 422);
    let (status, _) = post("robots", json!({"user": "bob", "do": ["echo"], "times": 1})).await;
    assert_eq!(status, 200);
    post(
        "act",
        json!({"user": "alice", "conversation": "General Chat", "do": [{"say": "anyone?"}]}),
    )
    .await;
    // The robot heard it, and said the same.
    let echoed = server.journal().until(DEADLINE, |entry| {
        matches!(&entry.passed, fulmar_mock_server::Passed::Outgoing { frame }
            if frame.to_string().contains("anyone?") && frame.to_string().contains("\"senderId\":\"bob\""))
    });
    echoed.await.unwrap();
    server.stop().await;
}
