//! The end of an account (PROTOCOL.md §7.4), through all rooms in this order: what the user set under
//! messages of others, what they wrote, where they take part, their sessions, and the account.

use fulmar_protocol::{DeleteAccount, UserId};

use crate::actor::{Actor, Caller};
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::rooms::Rooms;
use crate::store::{conversations, messages};
use crate::tx::Tx;

/// What the user wrote is deleted for everyone, they leave every conversation, and nothing is left of
/// them but that there was somebody.
pub(crate) fn delete_account(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    caller: &Caller,
    request: &DeleteAccount,
) -> Result<()> {
    let user = &caller.user_id;
    if !active(Defect::DeletesWithoutPassword) {
        rooms.accounts.check_password(tx, user, &request.password)?;
    }
    for key in messages::reacted_to_by(tx.db(), user)? {
        if active(Defect::KeepsReactionsOfDeleted) {
            break;
        }
        let news = rooms.messages.remove_reactions_of_leaver(tx, user, key)?;
        rooms.pass_on(tx, news)?;
    }
    for key in messages::written_by(tx.db(), user)? {
        if active(Defect::KeepsMessagesOfDeleted) {
            break;
        }
        let news = rooms.messages.delete_of_leaver(tx, user, key)?;
        rooms.pass_on(tx, news)?;
    }
    leave_everything(rooms, tx, user)?;
    let news = rooms.accounts.end_sessions_of(tx, user)?;
    rooms.pass_on(tx, news)?;
    let news = rooms.accounts.delete(tx, user)?;
    rooms.pass_on(tx, news)
}

fn leave_everything(rooms: &Rooms, tx: &mut Tx<'_>, user: &UserId) -> Result<()> {
    for id in conversations::ids_of(tx.db(), user)? {
        let actor = Actor {
            user,
            key: tx.new_operation_key(),
        };
        let news = rooms.conversations.leave_for_good(tx, actor, &id)?;
        rooms.pass_on(tx, news)?;
    }
    Ok(())
}
