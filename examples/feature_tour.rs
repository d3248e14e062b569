//! A walk through what the SDK can do, against an embedded server: each step says what it does, does
//! it, and waits until the other side shows it. Ends with an error if anything is not so.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use fulmar::{
    Client, Context, Conversation, ConversationFilter, ConversationItem, MessageContent,
    NetworkState, NewMessage, Outbox, Payload, Place, Position, Presence, Role, Timeline,
    TimelineItem, UserId, Visibility, Writing,
};
use fulmar_mock_server::{Action, Fault, FrameKind, MockServer, Where};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = MockServer::builder()
        .demo()
        .user("carol", "carol-password")
        .start()
        .await?;
    let mut tour = Tour {
        alice: sign_in(&server, folder.path(), "alice").await?,
        bob: sign_in(&server, folder.path(), "bob").await?,
        carol: sign_in(&server, folder.path(), "carol").await?,
        server,
    };
    tour.messages().await?;
    tour.offline().await?;
    tour.groups().await?;
    tour.reading().await?;
    tour.storm().await?;
    for client in [&tour.alice, &tour.bob, &tour.carol] {
        client.close().await;
    }
    tour.server.stop().await;
    println!("\nThat was the tour.");
    Ok(())
}

struct Tour {
    server: MockServer,
    alice: Client,
    bob: Client,
    carol: Client,
}

impl Tour {
    async fn messages(&mut self) -> Result<()> {
        chapter("Messages");
        let hers = self.alice.create_direct("bob").await?;
        let his = self.bob.create_direct("alice").await?;
        let (mut on_hers, mut on_his) = (hers.timeline(), his.timeline());

        step("Alice types, Bob sees it, and then her message");
        let mut typing = his.who_is_typing();
        let keys = async {
            loop {
                hers.typing();
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
        let answer = on_hers.items()[1].key;
        hers.delete_for_me(answer).await?;
        shows(&mut on_hers, |items| items.len() == 2).await?;
        shows(&mut on_his, |items| {
            items.len() == 3 && matches!(items[0].content, MessageContent::Deleted { .. })
        })
        .await
    }

    async fn offline(&mut self) -> Result<()> {
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

    async fn groups(&mut self) -> Result<()> {
        chapter("Groups");
        let hers = find(&self.alice, "Trip").await?;
        let his = find(&self.bob, "Trip").await?;

        step("Alice adds Carol and makes Bob a moderator; he renames the group");
        hers.add_participants([user("carol")?]).await?;
        hers.set_role(user("bob")?, Role::Moderator).await?;
        let mut people = his.participants();
        while !people
            .items()
            .iter()
            .any(|person| person.role == Role::Moderator)
        {
            people.next().await?;
        }
        his.set_title("Trip to Rome").await?;
        let carols = find(&self.carol, "Trip to Rome").await?;
        let mut on_carols = carols.timeline();
        shows(&mut on_carols, |items| {
            items
                .iter()
                .any(|item| matches!(item.content, MessageContent::System { .. }))
        })
        .await?;
        for item in on_carols.items() {
            println!("      {}: {}", item.sender, item.text());
        }

        step("It gets a context, and only admins write");
        hers.set_context(Context {
            kind: "booking".to_owned(),
            id: "b-17".to_owned(),
            title: "Rome, three days".to_owned(),
            extra: serde_json::Value::Null,
        })
        .await?;
        hers.set_writing(Writing::Admins).await?;
        listed(&self.carol, |items| {
            items
                .iter()
                .any(|item| item.writing == Writing::Admins && item.context.is_some())
        })
        .await?;
        let refused = carols.send("But I").await;
        println!("      Carol writes: {}", told(refused));

        step("Carol leaves; Bob pins, archives and hides");
        carols.leave().await?;
        listed(&self.carol, |items| titled(items, "Trip to Rome").is_none()).await?;
        his.pin().await?;
        listed(&self.bob, |items| {
            items
                .first()
                .is_some_and(|item| item.title == "Trip to Rome")
        })
        .await?;
        his.archive().await?;
        let mut archive = self.bob.conversations_where(ConversationFilter {
            place: Place::Archive,
            ..ConversationFilter::default()
        });
        while archive.items().is_empty() {
            archive.next().await?;
        }
        his.unarchive().await?;
        his.hide().await?;
        listed(&self.bob, |items| titled(items, "Trip to Rome").is_none()).await?;
        hers.send("News!").await?;
        listed(&self.bob, |items| titled(items, "Trip to Rome").is_some()).await
    }

    async fn reading(&mut self) -> Result<()> {
        chapter("Reading");
        let hers = self.alice.create_direct("bob").await?;
        let his = self.bob.create_direct("alice").await?;

        step("A message is sent, delivered by the device itself, and read when it is visible");
        let key = hers.send("Seen?").await?;
        let mut on_hers = hers.timeline();
        let reached = |items: &[TimelineItem], read: u32| {
            let item = items.iter().find(|item| item.key == key);
            let receipts = item.and_then(|item| item.receipts);
            receipts.is_some_and(|receipts| receipts.delivered == 1 && receipts.read == read)
        };
        shows(&mut on_hers, |items| reached(items, 0)).await?;
        let mut on_his = his.timeline();
        on_his.set_visibility(Visibility::Visible);
        let looking = tokio::spawn(async move { while on_his.next().await.is_ok() {} });
        shows(&mut on_hers, |items| reached(items, 1)).await?;
        listed(&self.bob, |items| {
            titled(items, "Alice").is_some_and(|item| item.unread_count == 0)
        })
        .await?;
        looking.abort();

        step("Bob marks it as unread, and keeps a draft");
        his.mark_unread().await?;
        his.set_draft("What I always wanted to").await?;
        listed(&self.bob, |items| {
            titled(items, "Alice").is_some_and(|item| {
                item.settings.marked_unread && item.draft == "What I always wanted to"
            })
        })
        .await?;
        his.mark_read_up_to(Position(u64::MAX)).await?;
        Ok(())
    }

    async fn storm(&mut self) -> Result<()> {
        chapter("A storm");
        step("The answer to Alice's message is cut off, and it arrives once all the same");
        let hers = self.alice.create_direct("bob").await?;
        let mut on_his = self.bob.create_direct("alice").await?.timeline();
        on_his.next().await?;
        let before = on_his.items().len();
        let answer = Where::Outgoing(FrameKind::Outcome);
        let cut = Fault::at(answer).of_user("alice").then(Action::Cut);
        self.server.faults().add(cut);
        hers.send("Once").await?;
        hers.send("And then").await?;
        shows(&mut on_his, |items| {
            items.len() == before + 2 && text(items, before) == "Once"
        })
        .await
    }
}

async fn sign_in(server: &MockServer, folder: &Path, name: &str) -> Result<Client> {
    let client = Client::builder(server.url(), folder.join(format!("{name}.db")))
        .build()
        .await?;
    client.login(name, format!("{name}-password")).await?;
    Ok(client)
}

async fn shows(timeline: &mut Timeline, expected: impl Fn(&[TimelineItem]) -> bool) -> Result<()> {
    patiently(async {
        while !expected(timeline.items()) {
            timeline.next().await?;
        }
        Ok(())
    })
    .await
}

async fn listed(client: &Client, expected: impl Fn(&[ConversationItem]) -> bool) -> Result<()> {
    let mut list = client.conversations();
    patiently(async {
        while !expected(list.items()) {
            list.next().await?;
        }
        Ok(())
    })
    .await
}

async fn holds(outbox: &mut Outbox, count: usize) -> Result<()> {
    let held = patiently(async {
        while outbox.items().len() != count {
            outbox.next().await?;
        }
        Ok(())
    });
    match held.await {
        Ok(()) => Ok(()),
        Err(_) => Err(format!("the outbox still holds {:#?}", outbox.items()).into()),
    }
}

async fn find(client: &Client, title: &str) -> Result<Conversation> {
    let mut list = client.conversations();
    patiently(async {
        loop {
            if let Some(item) = titled(list.items(), title) {
                return Ok(client.conversation(&item.conversation_id));
            }
            list.next().await?;
        }
    })
    .await
}

/// Only a broken step waits so long.
async fn patiently<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(Duration::from_secs(20), work).await?
}

fn titled<'a>(items: &'a [ConversationItem], title: &str) -> Option<&'a ConversationItem> {
    items.iter().find(|item| item.title == title)
}

fn text(items: &[TimelineItem], index: usize) -> &str {
    items.get(index).map_or("", TimelineItem::text)
}

fn user(name: &str) -> Result<UserId> {
    Ok(UserId::new(name)?)
}

fn told<T>(result: std::result::Result<T, fulmar::CommandError>) -> String {
    match result {
        Ok(_) => "it was taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn ensure(so: bool, what: &str) -> Result<()> {
    match so {
        true => Ok(()),
        false => Err(format!("not so: {what}").into()),
    }
}

fn chapter(title: &str) {
    println!("\n{title}");
}

fn step(what: &str) {
    println!("  {what}.");
}
