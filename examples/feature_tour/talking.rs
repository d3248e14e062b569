//! Writing, with and without the network, and through a storm.

use std::time::Duration;

use fulmar::{MessageContent, NetworkState, NewMessage, Payload, Presence, PushProvider};
use fulmar_mock_server::{Action, FrameKind, When, Where};

use crate::stage::{chapter, ensure, holds, patiently, shows, step, text, user};
use crate::{Result, Tour};

impl Tour {
    pub(crate) async fn messages(&mut self) -> Result<()> {
        chapter("Messages");
        let hers = self.alice.create_direct("bob").await?;
        let his = self.bob.create_direct("alice").await?;
        let (mut on_hers, mut on_his) = (hers.timeline(), his.timeline());

        step("Alice types, Bob sees it, and then her message");
        let mut typing = his.typing_users();
        let keys = async {
            loop {
                hers.keystroke();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let alice = user("alice")?;
        tokio::select! {
            seen = patiently(async {
                while !typing.next().await?.contains(&alice) {}
                Ok(())
            }) => seen?,
            () = keys => {}
        }
        let tea = hers.send("Tea tonigt?").await?;
        shows(&mut on_his, |items| text(items, 0) == "Tea tonigt?").await?;

        step("She sees that he is there");
        let mut presence = self.alice.presence(&user("bob")?);
        while presence.next().await? != Presence::Online {}

        step("She edits it, and Bob can read what it said before");
        hers.edit(tea, "Tea tonight?").await?;
        shows(&mut on_his, |items| text(items, 0) == "Tea tonight?").await?;
        let versions = his.fetch_versions(tea).await?;
        ensure(versions.len() == 2, "there are two versions")?;

        step("Bob reacts, answers with a mention, and sends a place that his app defined");
        his.add_reaction(tea, "🫖").await?;
        let answer = NewMessage::text("Gladly, @Alice").reply_to(tea);
        his.send(answer.mention(user("alice")?)).await?;
        let place = Payload {
            kind: "location".to_owned(),
            data: serde_json::json!({"lat": 52.52, "lon": 13.4}),
        };
        his.send(NewMessage::custom(place, "Here: 52.52, 13.4"))
            .await?;
        shows(&mut on_hers, |items| {
            items.len() == 3
                && items[0].reactions.len() == 1
                && items[1]
                    .reply_to
                    .as_ref()
                    .is_some_and(|quote| quote.key == tea)
                && matches!(items[2].content, MessageContent::Custom { .. })
        })
        .await?;

        step("Alice forwards it to Carol, deletes one for everyone and one for herself");
        let to_carol = self.alice.create_direct("carol").await?;
        to_carol.forward(tea).await?;
        let mut on_carols = self.carol.create_direct("alice").await?.timeline();
        shows(&mut on_carols, |items| {
            text(items, 0) == "Tea tonight?" && items[0].forwarded_from.is_some()
        })
        .await?;
        hers.delete_for_everyone(tea).await?;
        let answer = on_hers.messages().nth(1).ok_or("no answer")?.key;
        hers.delete_for_me(answer).await?;
        shows(&mut on_hers, |items| items.len() == 2).await?;
        shows(&mut on_his, |items| {
            items.len() == 3 && matches!(items[0].content, MessageContent::Deleted { .. })
        })
        .await
    }

    pub(crate) async fn offline(&mut self) -> Result<()> {
        chapter("Without the network");
        let hers = self.alice.create_direct("bob").await?;
        let mut on_hers = hers.timeline();
        let mut outbox = self.alice.outbox();

        // What went before has been answered. The first change says what there is.
        outbox.next().await?;
        holds(&mut outbox, 0).await?;
        step("Everything works, is on her screen at once, and waits in the outbox");
        self.alice.set_network(NetworkState::Unavailable);
        let late = hers.send("I am in a tunel").await?;
        hers.edit(late, "I am in a tunnel").await?;
        hers.mute(None).await?;
        let group = self.alice.create_group("Trip", ["bob"]).await?;
        group.send("Shall we?").await?;
        shows(&mut on_hers, |items| {
            items
                .last()
                .is_some_and(|item| item.text() == "I am in a tunnel")
        })
        .await?;
        // The edit went into the message, which has not left.
        holds(&mut outbox, 4).await?;
        for item in outbox.items() {
            println!("      {:?}: {:?}", item.action, item.state);
        }

        step("The network comes back, and all of it goes out in order");
        self.alice.set_network(NetworkState::Available);
        holds(&mut outbox, 0).await?;
        let mut on_his = self.bob.create_direct("alice").await?.timeline();
        shows(&mut on_his, |items| {
            items
                .last()
                .is_some_and(|item| item.text() == "I am in a tunnel")
        })
        .await
    }

    pub(crate) async fn push(&mut self) -> Result<()> {
        chapter("Push notifications");
        step(
            "Bob is away, and a push tells him what Alice says: it is on his screen before the network is",
        );
        self.bob
            .register_push_token(PushProvider::Fcm, "bobs-token")
            .await?;
        self.server.disconnect("bob");
        let hers = self.alice.create_direct("bob").await?;
        hers.send("Are you on the train?").await?;
        let payload = patiently(async {
            loop {
                if let Some(push) = self.server.pushes().pop() {
                    return Ok(serde_json::to_string(&push.payload)?);
                }
                tokio::task::yield_now().await;
            }
        })
        .await?;
        let shown = self.bob.handle_push(&payload).await?;
        println!(
            "      {}: {} ({} unread)",
            shown.title, shown.body, shown.unread_total
        );
        let mut on_his = self.bob.create_direct("alice").await?.timeline();
        shows(&mut on_his, |items| {
            items
                .last()
                .is_some_and(|item| item.text() == "Are you on the train?")
        })
        .await?;
        self.server.reconnect("bob");
        Ok(())
    }

    pub(crate) async fn storm(&mut self) -> Result<()> {
        chapter("A storm");
        step("The answer to Alice's message is cut off, and it arrives once all the same");
        let hers = self.alice.create_direct("bob").await?;
        let mut on_his = self.bob.create_direct("alice").await?.timeline();
        on_his.next().await?;
        let before = on_his.items().len();
        let answer = Where::Outgoing(FrameKind::Outcome);
        let cut = When::at(answer).user("alice").then(Action::Cut);
        self.server.faults().add(cut);
        hers.send("Once").await?;
        hers.send("And then").await?;
        shows(&mut on_his, |items| {
            items.len() == before + 2 && text(items, before) == "Once"
        })
        .await
    }
}
