//! Reading: receipts, threads and history.

use fulmar::{Anchor, MessageItem, Position, SearchQuery, Visibility};

use crate::stage::{chapter, ensure, listed, messages, patiently, shows, step, text, titled};
use crate::{Result, Tour};

impl Tour {
    pub(crate) async fn reading(&mut self) -> Result<()> {
        chapter("Reading");
        let hers = self.alice.create_direct("bob").await?;
        let his = self.bob.create_direct("alice").await?;

        step("A message is sent, delivered by the device itself, and read when it is visible");
        let key = hers.send("Seen?").await?;
        let mut on_hers = hers.timeline();
        let reached = |items: &[MessageItem], read: u32| {
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

    pub(crate) async fn history(&mut self) -> Result<()> {
        chapter("Threads and history");
        let hers = self.alice.create_direct("carol").await?;
        let his = self.carol.create_direct("alice").await?;

        step("Carol opens a thread under what Alice asks, and it is counted there");
        let question = hers.send("Where shall we eat?").await?;
        let mut on_his = his.timeline();
        shows(&mut on_his, |items| {
            items.iter().any(|item| item.key == question)
        })
        .await?;
        his.thread(question).send("At the harbour").await?;
        let mut on_hers = hers.thread(question).timeline();
        shows(&mut on_hers, |items| items.len() == 2).await?;
        hers.thread(question).send("At seven").await?;
        let mut on_hers = hers.timeline();
        shows(&mut on_hers, |items| {
            let root = items.iter().find(|item| item.key == question);
            root.and_then(|root| root.thread)
                .is_some_and(|thread| thread.count == 2)
                && items.last().is_some_and(|item| item.key == question)
        })
        .await?;
        let mut thread = his.thread(question).timeline();
        shows(&mut thread, |items| {
            items.len() == 3 && text(items, 2) == "At seven"
        })
        .await?;

        step("Much is said; Carol jumps back to the question, and scrolls down to the present");
        for number in 1..=120 {
            hers.send(format!("{number}")).await?;
        }
        shows(&mut on_his, |items| {
            items.last().is_some_and(|item| item.text() == "120")
        })
        .await?;
        let mut past = his.timeline_around(Anchor::Message(question)).await?;
        shows(&mut past, |items| {
            items.iter().any(|item| item.key == question)
        })
        .await?;
        let mut pages = 0;
        while past.load_newer().await?.has_more {
            pages += 1;
        }
        shows(&mut past, |items| {
            items.last().is_some_and(|item| item.text() == "120")
        })
        .await?;
        println!(
            "      {} messages after {pages} more pages",
            messages(&past).len()
        );
        step(
            "She finds the messages about the harbour, also by the beginning of a word, and in any script",
        );
        hers.send("東京の港").await?;
        for (text, expected) in [("harb", "At the harbour"), ("の港", "東京の港")] {
            let mut search = self.alice.search(SearchQuery::new(text));
            patiently(async {
                while search.items().is_empty() {
                    search.next().await?;
                }
                Ok(())
            })
            .await?;
            let found = search.items().iter().map(|hit| hit.message.text());
            ensure(found.eq([expected]), "it is found, and nothing else")?;
        }
        while past.load_older().await?.has_more {}
        ensure(
            past.items().len() == past.messages().count(),
            "there is no gap",
        )
    }
}
