//! What a backend may be without, and what it says then (PROTOCOL.md §10.2): a route that needs a capability which it
//! does not have does not exist, a method is unknown, and a param is refused.
//!
//! It decides nothing about what is there.

use fulmar_protocol::{Capability, Code, HistoryPage, MeUpdate, Method, capability_of_method};

use crate::error::{Error, Result};
use crate::rooms::Rooms;

/// What a request of a known caller needs beyond what every backend does. What `/v1/files` and the writes of REST need
/// is asked where they are read.
pub(crate) fn of_request(verb: &str, path: &[&str]) -> Option<Capability> {
    match path {
        ["me"] if verb == "POST" => Some(Capability::Profiles),
        ["sessions", ..] => Some(Capability::Sessions),
        ["me", "delete"] => Some(Capability::AccountDeletion),
        ["blocks", ..] => Some(Capability::Blocks),
        ["users"] | ["users", _] => Some(Capability::Users),
        ["devices", ..] => Some(Capability::Push),
        ["search"] => Some(Capability::Search),
        ["messages", _, "versions"] => Some(Capability::Versions),
        ["messages", _] => Some(Capability::Rest),
        _ => None,
    }
}

/// What a param needs: of a message, of a page of history, or of a profile.
pub(crate) fn of_param(name: &str) -> Option<Capability> {
    match name {
        "around" | "aroundTime" | "aroundMessage" => Some(Capability::Around),
        "thread" | "threadRoot" => Some(Capability::Threads),
        "forwardOf" => Some(Capability::Forwarding),
        "attachments" => Some(Capability::Files),
        "presence" => Some(Capability::Presence),
        _ => None,
    }
}

/// Refuses what an operation asks for that the backend was set up without; its method was looked at before it was read.
pub(crate) fn check_operation(rooms: &Rooms, method: &Method) -> Result<()> {
    match method {
        Method::MessageSend(params) => params
            .capabilities()
            .try_for_each(|needed| check(rooms, &needed)),
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
        | Method::SettingsUpdate(_) => Ok(()),
    }
}

/// The same for what a user changes of their profile.
pub(crate) fn check_profile(rooms: &Rooms, update: &MeUpdate) -> Result<()> {
    match update.presence {
        Some(_) => check(rooms, &Capability::Presence),
        None => Ok(()),
    }
}

/// Refuses a method that the backend was set up without, whatever its params are.
pub(crate) fn check_method(rooms: &Rooms, name: &str) -> Result<()> {
    match capability_of_method(name) {
        Some(needed) if !rooms.can(&needed) => Err(Error::refused(
            Code::MethodUnknown,
            "There is no such method",
        )),
        Some(_) | None => Ok(()),
    }
}

/// The same for a page of history, which may be one of a thread.
pub(crate) fn check_page(rooms: &Rooms, page: &HistoryPage, of_thread: bool) -> Result<()> {
    if of_thread {
        check(rooms, &Capability::Threads)?;
    }
    match page {
        HistoryPage::Around(_) => check(rooms, &Capability::Around),
        HistoryPage::Before(_) | HistoryPage::After(_) => Ok(()),
    }
}

fn check(rooms: &Rooms, capability: &Capability) -> Result<()> {
    if rooms.can(capability) {
        Ok(())
    } else {
        Err(Error::invalid("This server cannot do that"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn without(capability: &Capability) -> Rooms {
        let mut config = Config::default();
        config.capabilities.remove(capability);
        Rooms::new(&config, &[7])
    }

    #[test]
    fn what_is_not_there_is_refused_and_the_rest_is_not() {
        let send = |params: &str| Method::MessageSend(serde_json::from_str(params).unwrap());
        let plain = send(r#"{"conversationId": "c", "text": "x"}"#);
        let key = "0190b5f0-0000-7000-8000-000000000001";
        let in_thread = send(&format!(
            r#"{{"conversationId": "c", "text": "x", "threadRoot": "{key}"}}"#
        ));
        let forwarded = send(&format!(
            r#"{{"conversationId": "c", "text": "", "forwardOf": "{key}"}}"#
        ));
        for (capability, method) in [
            (Capability::Threads, in_thread),
            (Capability::Forwarding, forwarded),
        ] {
            let rooms = without(&capability);
            assert!(check_operation(&rooms, &method).is_err(), "{capability}");
            assert!(check_operation(&rooms, &plain).is_ok(), "{capability}");
            let others = without(&Capability::Search);
            assert!(check_operation(&others, &method).is_ok(), "{capability}");
        }
        let around = HistoryPage::Around(fulmar_protocol::Anchor::At(fulmar_protocol::Position(1)));
        let rooms = without(&Capability::Around);
        assert!(check_page(&rooms, &around, false).is_err());
        assert!(check_page(&without(&Capability::Threads), &around, false).is_ok());
        assert!(check_page(&without(&Capability::Threads), &around, true).is_err());
    }
}
