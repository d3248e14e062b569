//! Searching at the server (PROTOCOL.md §7.6): what it finds is stored here, and found here from then on.

use fulmar_protocol::{Answer, ApiRequest, SearchQuery};

use super::ask::{Ask, Asking, Freshness, OnlineNews, Taken};
use crate::facts::OnlineToken as Token;
use crate::io::{CommandError, CommandId, Reply};
use crate::store::{Result, conversations};
use crate::tx::Tx;

/// Asks the server.
pub(super) fn search(
    tx: &mut Tx<'_>,
    command: CommandId,
    query: SearchQuery,
    cursor: Option<String>,
    token: Token,
) -> Result<Asking> {
    let token = match token {
        Ok(token) => token,
        Err(error) => return Ok(Asking::Refused(error)),
    };
    let mut asked = query.clone();
    if let Some(id) = &query.conversation_id {
        let Some(key) = conversations::find(&tx.db, id)? else {
            let id = id.clone();
            return Ok(Asking::Refused(CommandError::NoSuchConversation { id }));
        };
        let Some(known) = conversations::server_id(&tx.db, key)? else {
            // The server does not know it yet, so it has nothing that is not here.
            let (keys, cursor) = (Vec::new(), None);
            tx.reply(command, Ok(Reply::Searched { keys, cursor }));
            return Ok(Asking::Done);
        };
        asked.conversation_id = Some(known);
    }
    let call = ApiRequest::Search {
        query: asked,
        cursor: cursor.clone(),
    };
    let ask = Ask::Search {
        command,
        query,
        cursor,
        freshness: Freshness::Fresh,
    };
    Ok(Asking::Send { call, ask, token })
}

/// The server has found something. What is not in a conversation of this user is none of their business.
pub(super) fn found(tx: &mut Tx<'_>, command: CommandId, answer: Answer) -> Result<Taken> {
    let Answer::Search(page) = answer else {
        return Ok(Taken::OtherAnswer);
    };
    let mut messages = page.messages.into_read();
    let mut keys = Vec::with_capacity(messages.len());
    for message in &messages {
        if conversations::find(&tx.db, &message.conversation_id)?.is_some() {
            keys.push(message.operation_key);
        }
    }
    messages.retain(|message| keys.contains(&message.operation_key));
    let cursor = page.cursor;
    tx.reply(command, Ok(Reply::Searched { keys, cursor }));
    Ok(Taken::News(OnlineNews::Found(messages)))
}
