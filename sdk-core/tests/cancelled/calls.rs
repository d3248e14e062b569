//! One call for each method that waits. Those that end a client or a session are in `ends`.

use std::pin::Pin;

use fulmar::{
    Anchor, Capability, Context, GapEnd, GapRange, NewGroup, Position, PresenceSetting,
    PushProvider, Role, SearchQuery, SessionId, Timestamp, Writing,
};

use super::dropped::Fate;
use super::world::World;

pub(crate) type Call = fn(World, Fate) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A method, and how it is called with what is here.
macro_rules! calls {
    ($world:ident, $($name:literal => $made:expr),* $(,)?) => {
        vec![$(($name, {
            let call: Call = |$world, fate| Box::pin(async move {
                let _ = fate.of($made).await;
            });
            call
        })),*]
    };
}

/// The same for what must not be lost or doubled: it gets a text of its own.
macro_rules! once {
    ($world:ident, $text:ident, $($name:literal => $made:expr),* $(,)?) => {
        vec![$(($name, {
            let call: Call = |$world, fate| Box::pin(async move {
                $world.once(fate, |$text| $made).await;
            });
            call
        })),*]
    };
}

pub(crate) fn all() -> Vec<(&'static str, Call)> {
    [
        of_accounts(),
        of_conversations(),
        of_messages(),
        counted(),
        live(),
        of_clients(),
    ]
    .concat()
}

fn of_accounts() -> Vec<(&'static str, Call)> {
    calls!(w,
        "Account::fetch_sessions" => w.alice.account().fetch_sessions(),
        "Account::end_session" => w.alice.account().end_session(SessionId::new("none").unwrap()),
        "Account::end_other_sessions" => w.alice.account().end_other_sessions(),
        "Account::set_presence" => w.alice.account().set_presence(PresenceSetting::Shown),
        "Account::set_name" => w.alice.account().set_name("Alice"),
        "Account::set_avatar_url" => w.alice.account().set_avatar_url(None),
        "Account::block" => w.alice.account().block("nobody"),
        "Account::unblock" => w.alice.account().unblock("nobody"),
        "Account::blocked" => w.alice.account().blocked(),
    )
}

fn of_conversations() -> Vec<(&'static str, Call)> {
    calls!(w,
        "Conversation::timeline_around" => w.chat.timeline_around(Anchor::Message(w.message)),
        "Conversation::mark_read_up_to" => w.chat.mark_read_up_to(Position(1)),
        "Conversation::set_draft" => w.chat.set_draft("begun"),
        "Conversation::set_title" => w.other.set_title("another"),
        "Conversation::set_avatar_url" => w.chat.set_avatar_url(None),
        "Conversation::set_writing" => w.chat.set_writing(Writing::Everyone),
        "Conversation::set_context" => w.chat.set_context(context()),
        "Conversation::add_participants" => w.other.add_participants([w.bob_id()]),
        "Conversation::remove_participant" => w.other.remove_participant(w.bob_id()),
        "Conversation::set_role" => w.chat.set_role(w.bob_id(), Role::Member),
        "Conversation::leave" => w.other.leave(),
        "Conversation::mute" => w.chat.mute(Some(Timestamp(1))),
        "Conversation::unmute" => w.chat.unmute(),
        "Conversation::pin" => w.chat.pin(),
        "Conversation::unpin" => w.chat.unpin(),
        "Conversation::archive" => w.other.archive(),
        "Conversation::unarchive" => w.other.unarchive(),
        "Conversation::hide" => w.other.hide(),
        "Conversation::mark_unread" => w.chat.mark_unread(),
    )
}

fn of_messages() -> Vec<(&'static str, Call)> {
    calls!(w,
        "Conversation::forward" => w.other.forward(w.message),
        "Conversation::edit" => w.chat.edit(w.message, "stays"),
        "Conversation::delete_for_everyone" => w.chat.delete_for_everyone(w.unwanted),
        "Conversation::delete_for_me" => w.chat.delete_for_me(w.unwanted),
        "Conversation::pin_message" => w.other.pin_message(w.message),
        "Conversation::unpin_message" => w.other.unpin_message(w.message),
        "Conversation::add_reaction" => w.chat.add_reaction(w.message, "👍"),
        "Conversation::remove_reaction" => w.chat.remove_reaction(w.message, "👍"),
        "Conversation::fetch_versions" => w.chat.fetch_versions(w.message),
        "Outbox::retry" => w.alice.outbox().retry(w.message),
        "Outbox::discard" => w.alice.outbox().discard(w.message),
        "Outbox::discard_or_delete" => w.alice.outbox().discard_or_delete(w.unwanted),
    )
}

fn counted() -> Vec<(&'static str, Call)> {
    once!(w, text,
        "Conversation::send" => w.chat.send(text),
        "Thread::send" => {
            let thread = w.chat.thread(w.message);
            async move { thread.send(text).await }
        },
        "Client::create_group" => w.alice.create_group(text, ["bob"]),
        "Client::create_group_with" => w.alice.create_group_with(NewGroup {
            title: text,
            participants: Vec::new(),
            avatar_url: None,
            context: None,
        }),
    )
}

fn live() -> Vec<(&'static str, Call)> {
    calls!(w,
        "ConversationWatch::next" => w.chat.watch().next(),
        "ConversationList::next" => w.alice.conversations().next(),
        "ConversationList::load_more" => w.alice.conversations().load_more(),
        "Outbox::next" => w.alice.outbox().next(),
        "ParticipantList::next" => w.chat.participants().next(),
        "PinnedMessages::next" => w.chat.pinned_messages().next(),
        "PresenceWatch::next" => w.alice.presence(&w.bob_id()).next(),
        "Search::next" => w.alice.search(SearchQuery::new("number")).next(),
        "Search::load_more" => w.alice.search(SearchQuery::new("number")).load_more(),
        "Timeline::next" => w.chat.timeline().next(),
        "Timeline::load_older" => w.chat.timeline().load_older(),
        "Timeline::load_newer" => w.chat.timeline().load_newer(),
        "Timeline::load_gap" => w.chat.timeline().load_gap(
            GapRange { from: Position(1), to: Position(2) },
            GapEnd::Oldest,
        ),
        "TypingWatch::next" => w.chat.typing_users().next(),
        "$name::next" => async { (w.alice.connection().next().await, w.alice.watch_session().next().await) },
        "Download::next" => async { w.alice.download(&w.file()).next().await },
        "Download::finish" => w.alice.download(&w.file()).finish(),
    )
}

fn of_clients() -> Vec<(&'static str, Call)> {
    let mut calls: Vec<(&'static str, Call)> = calls!(w,
        "Client::create_direct" => w.alice.create_direct("bob"),
        "Client::supports" => w.alice.supports(Capability::Pins),
        "Client::downloaded" => async { w.alice.downloaded(&w.file()).await },
        "Client::register_push_token" => w.bob.register_push_token(PushProvider::Fcm, "token"),
        "Client::remove_push_token" => w.bob.remove_push_token(),
        "Client::handle_push" => w.alice.handle_push("{}"),
        "Client::sign_in" => w.alice.sign_in("alice", "alice-password"),
        "Client::register" => w.alice.register("alice", "Alice", "alice-password"),
        "Client::sign_in_with_provider" => w.alice.sign_in_with_provider("alice"),
    );
    // The next call ends what is half suspended or half resumed.
    calls.push(("Client::suspend", |w, fate| {
        Box::pin(async move {
            let _ = fate.of(w.alice.suspend()).await;
            w.alice.resume().await;
        })
    }));
    calls.push(("Client::resume", |w, fate| {
        Box::pin(async move {
            w.alice.suspend().await;
            let _ = fate.of(w.alice.resume()).await;
            w.alice.resume().await;
        })
    }));
    calls
}

fn context() -> Context {
    Context {
        kind: "ride".to_owned(),
        id: "1".to_owned(),
        title: "To the harbour".to_owned(),
        extra: serde_json::Value::Null,
    }
}
