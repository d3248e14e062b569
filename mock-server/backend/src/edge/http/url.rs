//! Paths and queries: percent-encoded, and perhaps wrong.

use std::collections::BTreeMap;

use fulmar_protocol::{
    Anchor, Code, ConversationId, HistoryPage, MessageId, OperationKey, Position, Problem,
    SearchQuery, Timestamp, UserId,
};
use percent_encoding::percent_decode_str;

use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::messages::no_such_message;

pub(super) type Query = BTreeMap<String, String>;

/// The parameters of a query.
pub(super) fn read(query: &str) -> Result<Query> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            // A plus sign is a space here (PROTOCOL.md §7.6), unlike in paths.
            let pair = pair.replace('+', " ");
            let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// A path, in its segments.
pub(super) fn segments(path: &str) -> Result<Vec<String>> {
    path.trim_matches('/').split('/').map(decode).collect()
}

fn decode(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::refused(Code::RequestMalformed, "The URL is not UTF-8"))
}

/// Which page a request for history asks for; the newest when it does not say.
pub(super) fn history_page(query: &Query) -> Result<HistoryPage> {
    if let Some(after) = number(query, "after")? {
        return Ok(HistoryPage::After(Position(after)));
    }
    if let Some(before) = number(query, "before")? {
        return Ok(HistoryPage::Before(Position(before)));
    }
    let anchor = match (number(query, "around")?, number(query, "aroundTime")?) {
        (Some(position), _) => Some(Anchor::At(Position(position))),
        (None, Some(time)) => {
            let time = i64::try_from(time).unwrap_or(i64::MAX);
            Some(Anchor::Time(Timestamp(time)))
        }
        (None, None) => key(query, "aroundMessage")?.map(Anchor::Message),
    };
    Ok(match anchor {
        Some(anchor) => HistoryPage::Around(anchor),
        None => HistoryPage::Before(Position(i64::MAX as u64)),
    })
}

pub(super) fn search(query: &Query) -> Result<SearchQuery> {
    let time = |name| -> Result<Option<Timestamp>> {
        Ok(number(query, name)?.map(|time| Timestamp(i64::try_from(time).unwrap_or(i64::MAX))))
    };
    let sender = query.get("senderId").map(|id| UserId::new(id.as_str()));
    Ok(SearchQuery {
        text: query.get("q").cloned().unwrap_or_default(),
        conversation_id: query
            .get("conversationId")
            .map(|id| conversation_id(id))
            .transpose()?,
        sender_id: sender
            .transpose()
            .map_err(|_| Error::refused(Code::ParamsInvalid, "There is no such user"))?,
        from: time("from")?,
        until: time("until")?,
    })
}

pub(super) fn key(query: &Query, name: &str) -> Result<Option<OperationKey>> {
    let invalid = |_| {
        Error::Refused(
            Problem::new(Code::ParamsInvalid, "A parameter is not an operation key")
                .with_detail(name.to_owned()),
        )
    };
    query
        .get(name)
        .map(|text| text.parse().map_err(invalid))
        .transpose()
}

pub(super) fn number(query: &Query, name: &str) -> Result<Option<u64>> {
    let invalid = || {
        Error::Refused(
            Problem::new(Code::ParamsInvalid, "A parameter is not a number")
                .with_detail(name.to_owned()),
        )
    };
    query
        .get(name)
        .filter(|text| !active(Defect::AnyNumber) || text.parse::<u32>().is_ok())
        .map(|text| {
            let number = digits(text).ok_or_else(invalid)?;
            // Numbers of the protocol are below 2^53 (PROTOCOL.md §2.3).
            if number < 1 << 53 {
                Ok(number)
            } else {
                Err(invalid())
            }
        })
        .transpose()
}

/// A number in decimal digits and nothing else.
pub(super) fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

pub(super) fn conversation_id(text: &str) -> Result<ConversationId> {
    ConversationId::new(text)
        .map_err(|_| Error::refused(Code::ConversationNotFound, "There is no such conversation"))
}

pub(super) fn user_id(text: &str) -> Result<UserId> {
    UserId::new(text).map_err(|_| Error::no_such_user())
}

pub(super) fn message_id(text: &str) -> Result<MessageId> {
    MessageId::new(text).map_err(|_| no_such_message())
}
