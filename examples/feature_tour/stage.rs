//! Waiting for what a screen shows, and saying what goes on.

use std::time::Duration;

use fulmar::{Client, Conversation, ConversationItem, MessageItem, Outbox, Timeline, UserId};

use crate::Result;

pub(crate) fn messages(timeline: &Timeline) -> Vec<MessageItem> {
    timeline.messages().cloned().collect()
}

pub(crate) async fn shows(
    timeline: &mut Timeline,
    expected: impl Fn(&[MessageItem]) -> bool,
) -> Result<()> {
    patiently(async {
        while !expected(&messages(timeline)) {
            timeline.next().await?;
        }
        Ok(())
    })
    .await
}

pub(crate) async fn listed(
    client: &Client,
    expected: impl Fn(&[ConversationItem]) -> bool,
) -> Result<()> {
    let mut list = client.conversations();
    patiently(async {
        while !expected(list.items()) {
            list.next().await?;
        }
        Ok(())
    })
    .await
}

pub(crate) async fn holds(outbox: &mut Outbox, count: usize) -> Result<()> {
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

pub(crate) async fn find(client: &Client, title: &str) -> Result<Conversation> {
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
pub(crate) async fn patiently<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(Duration::from_secs(60), work).await?
}

pub(crate) fn titled<'a>(
    items: &'a [ConversationItem],
    title: &str,
) -> Option<&'a ConversationItem> {
    items.iter().find(|item| item.title == title)
}

pub(crate) fn text(items: &[MessageItem], index: usize) -> &str {
    items.get(index).map_or("", MessageItem::text)
}

pub(crate) fn user(name: &str) -> Result<UserId> {
    Ok(UserId::new(name)?)
}

pub(crate) fn told<T>(result: std::result::Result<T, fulmar::CommandError>) -> String {
    match result {
        Ok(_) => "it was taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn ensure(so: bool, what: &str) -> Result<()> {
    match so {
        true => Ok(()),
        false => Err(format!("not so: {what}").into()),
    }
}

pub(crate) fn chapter(title: &str) {
    println!("\n{title}");
}

pub(crate) fn step(what: &str) {
    println!("  {what}.");
}
