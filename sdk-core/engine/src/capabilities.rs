//! What a command needs of the server beyond what every server does (PROTOCOL.md §10.2).
//!
//! It does not know what the server can do, and refuses nothing.

use fulmar_protocol::{Capability, HistoryPage, Method, Position};

use crate::io::Command;
use crate::online::{AccountQuestion, Question};

/// What a command needs that goes into the outbox or to the network by itself.
pub(crate) fn of_command(command: &Command) -> Vec<Capability> {
    match command {
        Command::Send { message, .. } => message.capabilities().collect(),
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

fn of_method(method: &Method) -> Vec<Capability> {
    match method {
        Method::MessageSend(message) => message.capabilities().collect(),
        Method::MessagePin(_)
        | Method::MessageEdit(_)
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
        | Method::SettingsUpdate(_) => method.capability().into_iter().collect(),
    }
}

/// What a question needs, if it has to be asked of the server at all.
pub(crate) fn of_question(question: &Question) -> Vec<Capability> {
    match question {
        Question::History { thread, page, .. } => match page {
            HistoryPage::Around(_) => vec![Capability::Around],
            // The root of a thread is found by jumping to it.
            HistoryPage::Before(Position(0 | 1)) if thread.is_some() => vec![Capability::Around],
            HistoryPage::Before(_) | HistoryPage::After(_) => {
                thread.map(|_| Capability::Threads).into_iter().collect()
            }
        },
        Question::Search { .. } => vec![Capability::Search],
        Question::Versions(_) => vec![Capability::Versions],
        Question::Account(question) => of_account(question),
    }
}

fn of_account(question: &AccountQuestion) -> Vec<Capability> {
    match question {
        AccountQuestion::SetPushToken(..) | AccountQuestion::RemovePushToken(_) => {
            vec![Capability::Push]
        }
        AccountQuestion::Block(_) | AccountQuestion::Unblock(_) => vec![Capability::Blocks],
        AccountQuestion::DeleteAccount(_) => vec![Capability::AccountDeletion],
        AccountQuestion::UpdateMe(update) => {
            let hides = update.presence.map(|_| Capability::Presence);
            hides.into_iter().chain([Capability::Profiles]).collect()
        }
        AccountQuestion::Sessions | AccountQuestion::EndSession(_) => vec![Capability::Sessions],
    }
}
