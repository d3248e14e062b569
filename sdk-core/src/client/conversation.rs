//! A handle for one conversation.

use std::sync::Arc;

use fulmar_engine::query::{PAGE, Window, page_after, page_before};
use fulmar_engine::{Command, CommandError, Field, FieldRule, Reply};
use fulmar_protocol::{
    Anchor, Attachment, ConversationId, HistoryPage, MessageSend, Method, OperationKey, Position,
};

use super::arguments::new_operation_key;
use super::pages::page_end;
use super::{NewMessage, ParticipantList, PinnedMessages, Timeline};
use crate::runtime::Runtime;

/// One conversation. Cheap to make and to clone; it holds nothing but the id.
#[derive(Debug, Clone)]
pub struct Conversation {
    runtime: Arc<Runtime>,
    id: ConversationId,
}

impl Conversation {
    pub(super) fn new(runtime: Arc<Runtime>, id: ConversationId) -> Self {
        Self { runtime, id }
    }

    /// The id by which it was asked for.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Sends a message: a text, or a [`NewMessage`] with more to it. When this returns, the message is
    /// on this device for good: it survives a crash and a power cut, is in every timeline, and goes
    /// out by itself, in order, once. The network is not waited for. The text is not blank, except beside
    /// attachments, and has at most 8 KiB, or what the server allows. PROTOCOL.md §5.4.
    ///
    /// Attachments are copied first, which takes as long as the disk needs; then they go up by themselves,
    /// and the message after them, in its place ([`MessageState::Uploading`] says how far they are). To
    /// call that off, discard the operation ([`Outbox::discard`]).
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for the text or an attachment, [`CommandError::FileUnreadable`],
    /// [`CommandError::NoSuchConversation`],
    /// [`CommandError::NotAllowed`] where only admins write, [`CommandError::OutboxFull`],
    /// [`CommandError::SignedOut`], [`CommandError::Store`] when the disk is full. The message was
    /// not taken then.
    ///
    /// [`MessageState::Uploading`]: crate::MessageState::Uploading
    /// [`Outbox::discard`]: crate::Outbox::discard
    pub async fn send(&self, message: impl Into<NewMessage>) -> Result<OperationKey, CommandError> {
        let NewMessage {
            text,
            mentions,
            reply_to,
            thread_root,
            payload,
            attachments: new,
        } = message.into();
        if new.len() > Attachment::MOST {
            return Err(CommandError::Invalid {
                field: Field::Attachments,
                rule: FieldRule::TooMany {
                    most: Attachment::MOST as u64,
                },
            });
        }
        // Held until the store knows of the files.
        let _handover = match new.is_empty() {
            true => None,
            false => Some(self.runtime.files.handover().await),
        };
        let mut attachments = Vec::with_capacity(new.len());
        for attachment in new {
            attachments.push(attachment.take(&self.runtime).await?);
        }
        self.submit(MessageSend {
            attachments,
            mentions,
            reply_to,
            thread_root,
            payload,
            ..MessageSend::text(self.id.clone(), text)
        })
        .await
    }

    /// Sends here what a message of any conversation says, with the name of who wrote it first. Works
    /// offline, as [`Conversation::send`] does. PROTOCOL.md §5.4.
    ///
    /// # Errors
    /// [`CommandError::NoSuchMessage`], [`CommandError::NotAllowed`] for one that is not sent yet, and
    /// those of [`Conversation::send`].
    /// [`CommandError::Unsupported`] where the server has no forwarding.
    pub async fn forward(&self, message: OperationKey) -> Result<OperationKey, CommandError> {
        self.submit(MessageSend {
            forward_of: Some(message),
            ..MessageSend::text(self.id.clone(), "")
        })
        .await
    }

    async fn submit(&self, message: MessageSend) -> Result<OperationKey, CommandError> {
        let operation_key = new_operation_key()?;
        let command = Command::Send {
            operation_key,
            message,
        };
        self.runtime.command(command).await.map(|_| operation_key)
    }

    /// The messages, live.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.showing(Window::Newest)
    }

    /// The messages around one of them: a search result, what a reply answers, the first of a day.
    /// Needs the network unless that message is on this device. PROTOCOL.md §7.5.
    ///
    /// # Errors
    /// [`CommandError::NoSuchConversation`]; [`CommandError::Refused`] for a message that is not in it;
    /// [`CommandError::Unreachable`].
    /// [`CommandError::Unsupported`] where the server has no `around`, unless the place is on the device.
    pub async fn timeline_around(&self, anchor: Anchor) -> Result<Timeline, CommandError> {
        let command = Command::LoadHistory {
            conversation: self.id.clone(),
            thread: None,
            page: HistoryPage::Around(anchor),
        };
        // An unsent message, or one of a conversation that is not there yet: at its end.
        let reply = self.runtime.command(command).await?;
        let Reply::Found { place: Some(place) } = reply else {
            return Ok(self.timeline());
        };
        let (runtime, id, beside) = (&self.runtime, &self.id, PAGE / 2);
        let from = page_end(runtime, id, None, place, beside, page_before).await?;
        let to = page_end(runtime, id, None, place, beside, page_after).await?;
        Ok(self.showing(Window::Between(from, to)))
    }

    fn showing(&self, window: Window) -> Timeline {
        Timeline::new(Arc::clone(&self.runtime), self.id.clone(), None, window)
    }

    /// Marks everything up to a position as read, on this device at once and at the server when it can
    /// be reached. The pointer only grows, and not beyond what has arrived: an own message can have its place
    /// before messages of others that are before it are here, and these stay unread. Works offline. PROTOCOL.md §5.5.
    ///
    /// # Errors
    /// [`CommandError::NoSuchConversation`], [`CommandError::SignedOut`],
    /// [`CommandError::OutboxFull`].
    pub async fn mark_read_up_to(&self, position: Position) -> Result<(), CommandError> {
        let command = Command::MarkRead {
            operation_key: new_operation_key()?,
            conversation: self.id.clone(),
            up_to: position,
        };
        self.runtime.command(command).await.map(|_| ())
    }

    /// Keeps what the user has begun to write, for [`ConversationItem::draft`]; empty for none. It
    /// stays on this device. Sending does not end it. Works offline.
    ///
    /// # Errors
    /// [`CommandError::NoSuchConversation`], [`CommandError::Invalid`] for more than 64 KiB.
    ///
    /// [`ConversationItem::draft`]: crate::ConversationItem::draft
    pub async fn set_draft(&self, text: impl Into<String>) -> Result<(), CommandError> {
        let command = Command::SetDraft {
            conversation: self.id.clone(),
            text: text.into(),
        };
        self.runtime.command(command).await.map(|_| ())
    }

    /// Who takes part, live: roles, and how far each has come.
    #[must_use]
    pub fn participants(&self) -> ParticipantList {
        ParticipantList::new(Arc::clone(&self.runtime), self.id.clone())
    }

    /// The pinned messages, live: the newest pin first. PROTOCOL.md §4.9.
    #[must_use]
    pub fn pinned_messages(&self) -> PinnedMessages {
        PinnedMessages::new(Arc::clone(&self.runtime), self.id.clone())
    }

    /// A change, durable when this returns.
    pub(super) async fn change(&self, method: Method) -> Result<(), CommandError> {
        let command = Command::Change {
            operation_key: new_operation_key()?,
            method,
        };
        self.runtime.command(command).await.map(|_| ())
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn shared_runtime(&self) -> Arc<Runtime> {
        Arc::clone(&self.runtime)
    }
}
