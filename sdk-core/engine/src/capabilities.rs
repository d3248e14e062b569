//! What a command needs of the server beyond what every server does (PROTOCOL.md §10.2).
//!
//! It does not know what the server can do, and refuses nothing.

use fulmar_protocol::{Capability, HistoryPage, MessageSend, Method, Position};

use crate::io::Command;
use crate::online::{AccountQuestion, Question};

/// What a command needs that goes into the outbox or to the network by itself.
pub(crate) fn of_command(command: &Command) -> Vec<Capability> {
    match command {
        Command::Send { message, .. } => of_message(message),
        Command::Change { method, .. } => of_method(method),
        Command::Download { .. } => vec![Capability::Files],
        Command::SignIn { .. }
        | Command::Register { .. }
        | Command::SignInWithProvider { .. }
        | Command::SignOut { .. }
        | Command::SetDraft { .. }
        | Command::Create { .. }
        | Command::MarkRead { .. }
        | Command::Retry { .. }
        | Command::Discard { .. }
        | Command::HandlePush { .. }
        // Those that are questions are looked at as such: the answer may be here.
        | Command::FetchSessions
        | Command::EndSession { .. }
        | Command::SetPushToken { .. }
        | Command::Block { .. }
        | Command::Unblock { .. }
        | Command::DeleteAccount { .. }
        | Command::UpdateMe { .. }
        | Command::FetchVersions { .. }
        | Command::Search { .. }
        | Command::LoadHistory { .. } => Vec::new(),
    }
}

fn of_message(message: &MessageSend) -> Vec<Capability> {
    [
        (message.thread_root.is_some(), Capability::Threads),
        (message.forward_of.is_some(), Capability::Forwarding),
        (!message.attachments.is_empty(), Capability::Files),
    ]
    .into_iter()
    .filter_map(|(asked, capability)| asked.then_some(capability))
    .collect()
}

fn of_method(method: &Method) -> Vec<Capability> {
    match method {
        Method::MessagePin(_) => vec![Capability::Pins],
        Method::MessageSend(message) => of_message(message),
        Method::MessageEdit(_)
        | Method::MessageDelete(_)
        | Method::MessageHide(_)
        | Method::ReactionAdd(_)
        | Method::ReactionRemove(_)
        | Method::ReceiptUpdate(_)
        | Method::ConversationCreate(_)
        | Method::ConversationUpdate(_)
        | Method::ConversationLeave(_)
        | Method::ParticipantAdd(_)
        | Method::ParticipantRemove(_)
        | Method::ParticipantUpdate(_)
        | Method::SettingsUpdate(_) => Vec::new(),
    }
}

/// What a question needs, if it has to be asked of the server at all.
pub(crate) fn of_question(question: &Question) -> Option<Capability> {
    match question {
        Question::History { thread, page, .. } => match page {
            HistoryPage::Around(_) => Some(Capability::Around),
            // The root of a thread is found by jumping to it.
            HistoryPage::Before(Position(0 | 1)) if thread.is_some() => Some(Capability::Around),
            HistoryPage::Before(_) | HistoryPage::After(_) => thread.map(|_| Capability::Threads),
        },
        Question::Search { .. } => Some(Capability::Search),
        Question::Versions(_) => Some(Capability::Versions),
        Question::Account(question) => of_account(question),
    }
}

fn of_account(question: &AccountQuestion) -> Option<Capability> {
    match question {
        AccountQuestion::SetPushToken(..) | AccountQuestion::RemovePushToken(_) => {
            Some(Capability::Push)
        }
        AccountQuestion::Block(_) | AccountQuestion::Unblock(_) => Some(Capability::Blocks),
        AccountQuestion::DeleteAccount(_) => Some(Capability::AccountDeletion),
        AccountQuestion::UpdateMe(update) => update.presence.map(|_| Capability::Presence),
        AccountQuestion::Sessions | AccountQuestion::EndSession(_) => None,
    }
}
