//! Taking a message over from the app: from here on it is never lost.

use fulmar_protocol::{MessageSend, Method, OperationKey};

use super::{Acting, Outbox, OutboxNews, lane, wrong_state};
use crate::io::{CommandResult, Reply};
use crate::operation::{self, Checked, message_send_content, message_send_forwarded};
use crate::store::operations::NewOperation;
use crate::store::{Result, messages, operations, uploads};
use crate::tx::Tx;

impl Outbox {
    /// Puts a message into the outbox and on the screen.
    pub(crate) fn send(
        &mut self,
        tx: &mut Tx<'_>,
        operation_key: OperationKey,
        message: MessageSend,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        if messages::position(&tx.db, operation_key)?.is_some() {
            return Ok(Ok(Reply::Enqueued { operation_key }));
        }
        if let Some(row) = operations::find(&tx.db, operation_key)? {
            return Ok(Err(wrong_state(&row)));
        }
        let lane = match lane(tx, &message.conversation_id)? {
            Ok(lane) => lane,
            Err(error) => return Ok(Err(error)),
        };
        let forward_of = message.forward_of;
        let method = Method::MessageSend(message.clone());
        let place = self.place(tx, lane.conversation(), acting);
        if let Checked::Refused(error) = operation::of(&method).check(&place)? {
            return Ok(Err(error));
        }
        let (message, content) = match forward_of {
            Some(source) => match message_send_forwarded(&place, source, message)? {
                Ok(forwarded) => forwarded,
                Err(error) => return Ok(Err(error)),
            },
            None => {
                let content = message_send_content(&message);
                (message, content)
            }
        };
        if let Err(full) = self.room(tx, acting.config)? {
            return Ok(Err(full));
        }
        let now = tx.now.wall;
        messages::insert_unsent(
            &tx.db,
            operation_key,
            lane.conversation(),
            acting.owner,
            &content,
            now,
        )?;
        let method = Method::MessageSend(message);
        operations::enqueue(
            &tx.db,
            &NewOperation {
                operation_key,
                lane,
                method: &method,
                holds_lane: operation::of(&method).holds_lane(),
                now,
            },
        )?;
        if content.forwarded_from.is_none() {
            uploads::insert(&tx.db, operation_key, &content.attachments)?;
        }
        self.news.push(OutboxNews::Wrote(lane));
        tx.touch(lane.conversation());
        Ok(Ok(Reply::Enqueued { operation_key }))
    }
}
