//! What the user sees, and what has to be true of it at any time.

use std::collections::BTreeSet;

use fulmar_engine::{Command, query};
use fulmar_protocol::{HistoryPage, OperationKey, Position};

use crate::bench::{Bench, SECOND};
use crate::server::{Server, user};

/// What a screen shows, in lines: conversations, people, messages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) lines: Vec<String>,
    pub(crate) messages: Vec<String>,
}

impl Picture {
    pub(crate) fn of(bench: &mut Bench) -> Self {
        let reader = bench.engine().reader();
        let alice = user("alice");
        let mut lines = Vec::new();
        for mut item in query::conversations(
            reader,
            Some(&alice),
            query::ConversationFilter::default(),
            1_000,
        )
        .unwrap()
        {
            let preview = item.preview.take().map(|preview| preview.text().to_owned());
            let people = query::participants(reader, &item.conversation_id).unwrap();
            let people: Vec<_> = people
                .participants
                .iter()
                .map(|person| (person.user_id.as_str(), &person.name, person.role))
                .collect();
            lines.push(format!(
                "{} {:?} {} {:?} {:?} {:?} {} {} {:?} {} {preview:?} {people:?}",
                item.conversation_id,
                item.kind,
                item.title,
                item.avatar_url,
                item.writing,
                item.context,
                item.unread_count,
                item.unread_mentions,
                item.settings,
                item.last_position,
            ));
        }
        lines.sort();
        let id = "c-1".parse().unwrap();
        let pinned = query::pinned_messages(reader, &id).unwrap();
        let pinned: Vec<_> = pinned.messages.iter().map(|item| item.key).collect();
        lines.push(format!("pinned {pinned:?}"));
        lines.push(format!(
            "blocked {:?}",
            query::blocked_users(reader).unwrap()
        ));
        let shown = items(bench);
        let messages = shown.iter().map(|item| {
            format!(
                "{:?} {:?} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?}",
                item.key,
                item.message_id,
                item.position,
                item.sender,
                item.content,
                item.at,
                item.edited_at,
                item.pinned,
                item.thread,
                item.reactions,
            )
        });
        let messages = messages.collect();
        Self { lines, messages }
    }

    /// What somebody sees who comes anew.
    pub(crate) fn of_server(server: &Server) -> Self {
        let mut bench = Bench::new();
        bench.server = server.clone();
        bench.sign_in();
        bench.run(SECOND * 5);
        load_all(&mut bench);
        Self::of(&mut bench)
    }

    /// What is not the same in another one.
    pub(crate) fn difference(&self, truth: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let both = [
            (&self.lines, &truth.lines),
            (&self.messages, &truth.messages),
        ];
        for (own, there) in both {
            let more = own.iter().filter(|line| !there.contains(line));
            found.extend(more.map(|line| format!("shown: {line:.600}")));
            let less = there.iter().filter(|line| !own.contains(line));
            found.extend(less.map(|line| format!("true:  {line:.600}")));
        }
        if found.is_empty() && self != truth {
            found.push(format!("order: {self:?}"));
        }
        found
    }
}

/// Asks for what no snapshot has, page by page.
pub(crate) fn load_all(bench: &mut Bench) {
    for _ in 0..20 {
        let first = items(bench).iter().find_map(|item| item.position);
        let Some(first) = first.filter(|first| first.0 > 1) else {
            return;
        };
        bench.begin(Command::LoadHistory {
            conversation: "c-1".parse().unwrap(),
            thread: None,
            page: HistoryPage::Before(first),
        });
        bench.run(SECOND);
    }
}

fn items(bench: &mut Bench) -> Vec<query::MessageItem> {
    let id = "c-1".parse().unwrap();
    let window = query::Window::From(Position(1));
    let shown = query::timeline(bench.engine().reader(), &id, None, window).unwrap();
    let messages = shown.items.into_iter().filter_map(|item| match item {
        query::TimelineItem::Message(message) => Some(message),
        query::TimelineItem::Gap(_) => None,
    });
    messages.collect()
}

/// Of these messages, each once and in this order; of all others none twice.
pub(crate) fn broken_promise(bench: &mut Bench, promised: &[OperationKey]) -> Option<String> {
    let shown: Vec<_> = items(bench).iter().map(|item| item.key).collect();
    let once: BTreeSet<_> = shown.iter().collect();
    if once.len() < shown.len() {
        return Some(format!("doubled: {shown:?}"));
    }
    let own: Vec<_> = shown.iter().filter(|key| promised.contains(key)).collect();
    if own.len() < promised.len() {
        return Some(format!("lost: {promised:?} of {shown:?}"));
    }
    (!own.into_iter().eq(promised)).then(|| format!("out of order: {shown:?}"))
}
