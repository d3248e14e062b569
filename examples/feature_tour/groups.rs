//! Groups, and what each person makes of them.

use fulmar::{Context, ConversationFilter, Folder, MessageContent, Role, Writing};

use crate::stage::{chapter, find, listed, shows, step, titled, told, user};
use crate::{Result, Tour};

impl Tour {
    pub(crate) async fn groups(&mut self) -> Result<()> {
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
        for item in on_carols.messages() {
            println!("      {}: {}", item.sender, item.text());
        }

        step("Bob pins a message for everyone; Carol sees it, and who pinned it");
        let meeting = hers.send("We meet at the station at six").await?;
        let mut on_his = his.timeline();
        shows(&mut on_his, |items| {
            items.iter().any(|item| item.key == meeting)
        })
        .await?;
        his.pin_message(meeting).await?;
        let mut pinned = carols.pinned_messages();
        while pinned.items().is_empty() {
            pinned.next().await?;
        }
        for item in pinned.items() {
            let by = item.pinned.as_ref().map(|pin| pin.by.as_str());
            println!("      {} (pinned by {})", item.text(), by.unwrap_or("?"));
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
        let mut archive = self.bob.filtered_conversations(ConversationFilter {
            folder: Folder::Archive,
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
}
