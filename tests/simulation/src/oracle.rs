//! The judge: compares what every screen shows with what the server has, when the storm is over.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_backend::Backend;
use fulmar_engine::query::{ConversationItem, Folder, blocked_users, participants};
use fulmar_protocol::{
    BlockList, Conversation, ConversationId, ConversationKind, ConversationPage, Message,
    MessagePage, OperationKey, Participant, Position, Session, Timestamp, UserId,
};

use crate::asking::{ask, judge_file};
use crate::comparing::{same_pins, same_timeline};
use crate::device::{Device, messages, parse, written};
use crate::receipts::same_standing;

/// What the server has, read over its public API, as each user sees it.
pub(crate) struct Truth {
    views: BTreeMap<UserId, Vec<Conversation>>,
    messages: BTreeMap<(UserId, ConversationId), Vec<Message>>,
    blocked: BTreeMap<UserId, Vec<UserId>>,
}

impl Truth {
    pub(crate) fn read(
        backend: &mut Backend,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<Self, String> {
        let mut truth = Self {
            views: BTreeMap::new(),
            messages: BTreeMap::new(),
            blocked: BTreeMap::new(),
        };
        for user in users {
            let body = serde_json::json!({
                "userId": user, "password": format!("{user}-password"), "deviceId": "oracle",
            });
            let login: Session = ask(backend, now, "POST", "/v1/auth/login", "", None, &body)?;
            let token = login.access_token.expose().to_owned();
            let none = serde_json::Value::Null;
            let page: ConversationPage = ask(
                backend,
                now,
                "GET",
                "/v1/conversations",
                "",
                Some(&token),
                &none,
            )?;
            for view in &page.conversations {
                let id = &view.conversation_id;
                let path = format!("/v1/conversations/{id}/messages");
                let mut all: Vec<Message> = Vec::new();
                loop {
                    let after = all.last().map_or(0, |message| message.position.0);
                    let query = format!("after={after}");
                    let page: MessagePage =
                        ask(backend, now, "GET", &path, &query, Some(&token), &none)?;
                    if page.messages.is_empty() {
                        break;
                    }
                    all.extend(page.messages);
                }
                for attachment in all.iter().flat_map(|message| &message.content.attachments) {
                    judge_file(backend, now, &token, attachment)?;
                }
                truth.messages.insert((user.clone(), id.clone()), all);
            }
            // A server that cannot block has nobody to tell of.
            let blocks = ask(backend, now, "GET", "/v1/blocks", "", Some(&token), &none);
            let blocks = blocks.map_or_else(|_| Vec::new(), |list: BlockList| list.user_ids);
            truth.blocked.insert(user.clone(), blocks);
            truth.views.insert(user.clone(), page.conversations);
        }
        Ok(truth)
    }

    /// The keys of all messages.
    pub(crate) fn keys(&self) -> BTreeSet<OperationKey> {
        let all = self.messages.values().flatten();
        all.map(|message| message.operation_key).collect()
    }

    /// Nothing lost, nothing doubled, nothing out of order, whatever any device believes.
    pub(crate) fn judge_server(&self, devices: &[Device]) -> Result<(), String> {
        let mut keys: BTreeMap<OperationKey, &Message> = BTreeMap::new();
        for ((_, id), messages) in &self.messages {
            for (index, message) in messages.iter().enumerate() {
                if message.position != Position(index as u64 + 1) {
                    return Err(format!("the positions of {id} are not dense"));
                }
                let there = keys.entry(message.operation_key).or_insert(message);
                if (&there.conversation_id, there.position) != (id, message.position) {
                    return Err(format!("{} is there twice", message.content.text));
                }
                if there.hidden {
                    *there = message;
                }
            }
        }
        let mut texts = BTreeSet::new();
        let mut last: BTreeMap<(&ConversationId, &str), u32> = BTreeMap::new();
        let mut in_order: Vec<_> = keys.values().collect();
        in_order.sort_by_key(|message| (&message.conversation_id, message.position));
        for message in in_order {
            let text = message.content.text.as_str();
            let Some((writer, number)) = parse(text) else {
                continue;
            };
            if message.content.forwarded_from.is_some() {
                continue;
            }
            if !texts.insert(written(text)) {
                return Err(format!("{text} is there twice"));
            }
            let key = &message.operation_key;
            if devices.iter().any(|device| device.forgotten.contains(key)) {
                continue;
            }
            let before = last.insert((&message.conversation_id, writer), number);
            if let Some(before) = before.filter(|before| number <= *before) {
                return Err(format!("{text} comes after {writer}/{before}"));
            }
        }
        for device in devices {
            for (key, promise) in &device.promised {
                let Some(message) = keys.get(key) else {
                    return Err(format!("{promise:?} is lost"));
                };
                let unsaid = message.deleted.is_some() || message.hidden;
                match &promise.text {
                    Some(text) if !unsaid && written(&message.content.text) != text => {
                        return Err(format!("{text} became {}", message.content.text));
                    }
                    _ => {}
                }
            }
        }
        judge_given_up(&keys, devices)?;
        self.judge_deliveries(devices)?;
        self.judge_pairs()
    }

    /// What was written and deleted for everyone, and is said by no other message, for one was forwarded.
    pub(crate) fn deleted_texts(&self, devices: &[Device]) -> BTreeSet<String> {
        let all = || self.messages.values().flatten();
        let said: BTreeSet<&str> = all().map(|one| written(&one.content.text)).collect();
        let deleted = all().filter(|message| message.deleted.is_some());
        deleted
            .flat_map(|message| {
                devices
                    .iter()
                    .map(|one| one.texts.get(&message.operation_key))
            })
            .flatten()
            .filter(|text| !said.contains(text.as_str()))
            .cloned()
            .collect()
    }

    /// Everyone is online, so everything of others was delivered to everyone with a device.
    fn judge_deliveries(&self, devices: &[Device]) -> Result<(), String> {
        let with_device: BTreeSet<_> = devices.iter().map(|device| &device.user).collect();
        for (user, views) in &self.views {
            if !with_device.contains(user) {
                continue;
            }
            for view in views {
                let id = view.conversation_id.clone();
                let all = self
                    .messages
                    .get(&(user.clone(), id))
                    .ok_or("no messages")?;
                let newest = all.iter().rfind(|message| message.sender_id != *user);
                let newest = newest.map_or(Position::ZERO, |message| message.position);
                let pointer = view.participants.iter().find(|one| one.user_id == *user);
                if pointer.is_none_or(|pointer| pointer.delivered_to < newest) {
                    return Err(format!("{newest} was not delivered to {user}: {view:?}"));
                }
            }
        }
        Ok(())
    }

    fn judge_pairs(&self) -> Result<(), String> {
        let mut pairs = BTreeSet::new();
        for view in self.views.values().flatten() {
            if let [one, other] = view.participants.as_slice()
                && view.profile.title.is_none()
            {
                let mut pair = [&one.user_id, &other.user_id];
                pair.sort();
                pairs.insert((pair, &view.conversation_id));
            }
        }
        let people: BTreeSet<_> = pairs.iter().map(|(pair, _)| pair).collect();
        match people.len() == pairs.len() {
            true => Ok(()),
            false => Err("a pair has two direct conversations".to_owned()),
        }
    }

    /// Every screen shows what the server has, and counts what the server counts.
    pub(crate) fn judge_device(&self, device: &Device) -> Result<(), String> {
        if let Some(missing) = device
            .downloaded
            .iter()
            .find(|it| !device.files.whole.contains_key(*it))
        {
            return Err(format!("{missing} was said to be here"));
        }
        let views = self.views.get(&device.user).ok_or("no such user")?;
        let engine = device.engine.as_ref().ok_or("the process is dead")?;
        let blocked = blocked_users(engine.reader()).map_err(|error| error.to_string())?;
        // Nobody is told that somebody who is blocked has deleted their account.
        let is_there = |user: &&UserId| self.views.contains_key(*user);
        let shown: BTreeSet<&UserId> = blocked.iter().filter(is_there).collect();
        let there: BTreeSet<&UserId> = self
            .blocked
            .get(&device.user)
            .into_iter()
            .flatten()
            .collect();
        if shown != there {
            return Err(format!("blocks {shown:?}, at the server {there:?}"));
        }
        for folder in [Folder::Inbox, Folder::Archive] {
            let list = device.listed(folder)?;
            let ids: BTreeSet<_> = list.iter().map(|item| &item.conversation_id).collect();
            let there: BTreeSet<_> = views
                .iter()
                .filter(|view| listed(view) == Some(folder))
                .map(|view| &view.conversation_id)
                .collect();
            if ids != there || list.len() != there.len() {
                return Err(format!("{folder:?} has {ids:?}, the server {there:?}"));
            }
            for (item, next) in list.iter().zip(list.iter().skip(1)) {
                let rank = |item: &ConversationItem| (item.settings.pinned, item.activity_at);
                if rank(item) < rank(next) {
                    return Err("the list is not by pin and activity".to_owned());
                }
            }
            for item in &list {
                let view = views
                    .iter()
                    .find(|view| view.conversation_id == item.conversation_id)
                    .ok_or("no view")?;
                self.judge_conversation(device, item, view)
                    .map_err(|what| format!("{}: {what}", item.conversation_id))?;
            }
        }
        Ok(())
    }

    fn judge_conversation(
        &self,
        device: &Device,
        item: &ConversationItem,
        view: &Conversation,
    ) -> Result<(), String> {
        let engine = device.engine.as_ref().ok_or("the process is dead")?;
        let of_viewer = (device.user.clone(), item.conversation_id.clone());
        let all = self.messages.get(&of_viewer).ok_or("no messages")?;
        let id = &item.conversation_id;
        let visible: Vec<&Message> = all.iter().filter(|message| !message.hidden).collect();
        // After a reset only the newest 20 are surely here; the rest is fetched when asked for.
        let surely = all.len().saturating_sub(20) as u64 + 1;
        let main = device.timeline(id, None)?;
        let beside_threads = |message: &Message| {
            let thread = message.content.thread_root.is_some();
            (!thread).then_some(message.position)
        };
        same_timeline(&main, all, beside_threads, Some(surely))?;
        same_standing(&messages(main.items), all, view, &device.user)?;
        for root in all.iter().filter(|message| message.thread.is_some()) {
            let key = root.operation_key;
            let thread = device.timeline(id, Some(key))?;
            let in_thread = |message: &Message| {
                let place = message.thread_position;
                place.filter(|_| message.content.thread_root == Some(key))
            };
            same_timeline(&thread, all, in_thread, None)?;
            same_standing(&messages(thread.items), all, view, &device.user)?;
        }
        same_pins(&device.pinned(id)?, &view.pinned_messages)?;
        let people = participants(engine.reader(), id)
            .map_err(|error| error.to_string())?
            .participants;
        let mut there: Vec<Participant> = view.participants.to_vec();
        there.sort_by(|one, other| one.user_id.cmp(&other.user_id));
        if people != there || item.participant_count as usize != there.len() {
            return Err(format!("shows {people:?}\n  and has {there:?}"));
        }
        let (at_least, at_most) = unread(all, view, &device.user);
        if item.unread_count != view.unread_count
            || !(at_least..=at_most).contains(&view.unread_count)
        {
            return Err(format!(
                "{} unread, the server says {}, by hand {at_least} to {at_most}",
                item.unread_count, view.unread_count
            ));
        }
        if item.unread_mentions != view.unread_mentions {
            return Err(format!(
                "{} mentions, the server says {}",
                item.unread_mentions, view.unread_mentions
            ));
        }
        let profile = &view.profile;
        if item.settings != view.settings
            || item.writing != profile.writing
            || item.context != profile.context
            || view.kind == ConversationKind::Group && item.avatar_url != profile.avatar_url
            || profile
                .title
                .as_ref()
                .is_some_and(|title| *title != item.title)
        {
            return Err(format!("shows {item:?}\n  and has {view:?}"));
        }
        let preview = item
            .preview
            .as_ref()
            .map(fulmar_engine::query::Preview::text);
        if preview != visible.last().map(|message| message.content.text.as_str()) {
            return Err(format!("has the preview {preview:?}"));
        }
        Ok(())
    }
}

/// What was given up is not there, or was deleted for everyone.
fn judge_given_up(
    keys: &BTreeMap<OperationKey, &Message>,
    devices: &[Device],
) -> Result<(), String> {
    let given_up = devices.iter().flat_map(|device| &device.given_up);
    for message in given_up.filter_map(|key| keys.get(key)) {
        if message.deleted.is_none() {
            let text = &message.content.text;
            return Err(format!("{text} was given up, and is there"));
        }
    }
    Ok(())
}

/// Where a conversation is listed; `None` for a hidden one.
fn listed(view: &Conversation) -> Option<Folder> {
    let hidden = view.settings.hidden_to;
    match view.settings.archived {
        _ if hidden.is_some_and(|to| view.last_position <= to) => None,
        true => Some(Folder::Archive),
        false => Some(Folder::Inbox),
    }
}

/// Counted by hand: messages of others after the read pointer, but for notices. One that is hidden may
/// have been a notice.
fn unread(all: &[Message], view: &Conversation, user: &UserId) -> (u64, u64) {
    let read_to = view
        .participants
        .iter()
        .find(|participant| participant.user_id == *user)
        .map_or(Position::ZERO, |participant| participant.read_to);
    let counted: Vec<_> = all
        .iter()
        .filter(|message| message.position > read_to && message.sender_id != *user)
        .filter(|message| message.content.notice.is_none())
        .collect();
    let hidden = counted.iter().filter(|message| message.hidden).count();
    ((counted.len() - hidden) as u64, counted.len() as u64)
}
