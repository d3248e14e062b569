//! Conversations that are on a screen for as long as the process runs: what is shown is what their changes add up to.

use std::collections::BTreeMap;

use fulmar::{Conversation, MessageItem};
use tokio::sync::watch;

use crate::Outcome;

#[derive(Default)]
pub(crate) struct Screens(BTreeMap<String, watch::Receiver<Vec<MessageItem>>>);

impl Screens {
    /// What the screen of a conversation shows now. It is opened the first time.
    pub(crate) async fn seen(&mut self, chat: &Conversation) -> Outcome<Vec<MessageItem>> {
        if let Some(screen) = self.0.get(chat.id().as_str()) {
            return Ok(screen.borrow().clone());
        }
        let mut timeline = chat.timeline();
        timeline.next().await?;
        let first: Vec<MessageItem> = timeline.messages().cloned().collect();
        let (shows, screen) = watch::channel(first.clone());
        self.0.insert(chat.id().to_string(), screen);
        tokio::spawn(async move {
            while timeline.next().await.is_ok() {
                shows.send_replace(timeline.messages().cloned().collect());
            }
        });
        Ok(first)
    }
}
