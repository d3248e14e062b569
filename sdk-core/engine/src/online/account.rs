//! What only the server knows of the user's account (PROTOCOL.md §7.1, §7.4, §7.8).

use fulmar_protocol::text;
use fulmar_protocol::{
    Answer, ApiRequest, BlockRequest, DeleteAccount, DeviceId, MeUpdate, PushToken, Secret,
    SessionId, UserId,
};

use super::ask::{Ask, Asking, OnlineNews, Taken, done};
use crate::facts::OnlineToken as Token;
use crate::io::{CommandError, CommandId, Field, Reply};
use crate::tx::Tx;

/// What the app wants to know of the account, or wants to have changed.
#[derive(Debug, Clone)]
pub(crate) enum AccountQuestion {
    Sessions,
    EndSession(SessionId),
    SetPushToken(DeviceId, PushToken),
    RemovePushToken(DeviceId),
    Block(UserId),
    Unblock(UserId),
    DeleteAccount(Secret),
    UpdateMe(MeUpdate),
}

impl AccountQuestion {
    fn into_ask(self, command: CommandId) -> (ApiRequest, Ask) {
        match self {
            Self::Sessions => (ApiRequest::Sessions, Ask::Tell(command)),
            Self::EndSession(session) => (ApiRequest::EndSession(session), Ask::Tell(command)),
            Self::SetPushToken(device_id, token) => {
                let call = ApiRequest::SetPushToken { device_id, token };
                (call, Ask::Tell(command))
            }
            Self::RemovePushToken(device_id) => (
                ApiRequest::RemovePushToken { device_id },
                Ask::Tell(command),
            ),
            Self::UpdateMe(update) => (ApiRequest::UpdateMe(update), Ask::Tell(command)),
            Self::Block(user_id) => (
                ApiRequest::Block(BlockRequest { user_id }),
                Ask::Blocks(command),
            ),
            Self::Unblock(user_id) => (ApiRequest::Unblock(user_id), Ask::Blocks(command)),
            Self::DeleteAccount(password) => {
                let call = ApiRequest::DeleteAccount(DeleteAccount { password });
                (call, Ask::DeleteAccount(command))
            }
        }
    }
}

/// The server is asked, when it may be and there is a token.
pub(super) fn question(command: CommandId, mut question: AccountQuestion, token: Token) -> Asking {
    if let AccountQuestion::UpdateMe(update) = &mut question
        && let Err(error) = check_profile(update)
    {
        return Asking::Refused(error);
    }
    match token {
        Ok(token) => {
            let (call, ask) = question.into_ask(command);
            Asking::Send { call, ask, token }
        }
        Err(error) => Asking::Refused(error),
    }
}

/// The rules of texts (PROTOCOL.md §4.8), and the name in its normal form.
fn check_profile(update: &mut MeUpdate) -> Result<(), CommandError> {
    if let Some(name) = &mut update.name {
        *name = text::name(name).map_err(|fault| CommandError::of_text(Field::Name, fault))?;
    }
    if let Some(url) = &update.avatar_url {
        text::check_avatar_url(url)
            .map_err(|fault| CommandError::of_text(Field::AvatarUrl, fault))?;
    }
    Ok(())
}

/// An answer that the app is told, and of which nothing else comes.
pub(super) fn told(tx: &mut Tx<'_>, command: CommandId, answer: Answer) -> Taken {
    if let Answer::Versions(answer) = answer {
        done(tx, command, Reply::Versions(answer.versions))
    } else if let Answer::Sessions(list) = answer {
        done(tx, command, Reply::Sessions(list.sessions))
    } else if answer.is_acknowledgement() {
        done(tx, command, Reply::Done)
    } else {
        Taken::OtherAnswer
    }
}

pub(super) fn blocks(tx: &mut Tx<'_>, command: CommandId, answer: Answer) -> Taken {
    let Answer::Blocks(list) = answer else {
        return Taken::OtherAnswer;
    };
    tx.reply(command, Ok(Reply::Done));
    Taken::News(OnlineNews::Blocks(list.user_ids))
}

/// The account is gone, so the store belongs to nobody any more.
pub(super) fn deleted(command: CommandId, answer: Answer) -> Taken {
    let Answer::AccountDeleted = answer else {
        return Taken::OtherAnswer;
    };
    Taken::News(OnlineNews::AccountDeleted(command))
}
