//! What the tests of the outbox are made of: keys, people, messages, outcomes.

use super::*;

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub(super) fn conversation_id(name: &str) -> ConversationId {
    ConversationId::new(name).unwrap()
}

pub(super) fn key(number: u8) -> OperationKey {
    let mut bytes = [0; 16];
    bytes[15] = number;
    OperationKey::from_bytes(bytes)
}

pub(super) fn text(conversation: &str, text: &str) -> MessageSend {
    MessageSend::text(conversation_id(conversation), text)
}

pub(super) fn delete(conversation: &str, message: OperationKey) -> Method {
    Method::MessageDelete(MessageDelete {
        conversation_id: conversation_id(conversation),
        message_key: message,
    })
}

pub(super) fn pin(conversation: &str, pinned: bool) -> Method {
    Method::SettingsUpdate(SettingsUpdate {
        pinned: Some(pinned),
        ..settings(conversation)
    })
}

pub(super) fn settings(conversation: &str) -> SettingsUpdate {
    SettingsUpdate {
        conversation_id: conversation_id(conversation),
        muted_until: None,
        pinned: None,
        archived: None,
        hidden_to: None,
        marked_unread: None,
    }
}

pub(super) fn file(number: u8) -> Attachment {
    Attachment {
        file_id: FileId::new("local").unwrap(),
        kind: AttachmentKind::File,
        name: "a.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        size: 3,
        sha256: ContentHash::from_bytes([number; 32]),
        width: None,
        height: None,
        duration_ms: None,
        blurhash: None,
        thumbnail: None,
    }
}

/// A group of alice, who is its admin, and bob, as the server tells of it.
pub(super) fn group(id: &str, head: u64) -> Conversation {
    let admin = Participant {
        role: Role::Admin,
        ..newcomer(user("alice"))
    };
    Conversation {
        conversation_id: conversation_id(id),
        operation_key: None,
        kind: ConversationKind::Group,
        profile: ConversationProfile::default(),
        participants: vec![admin, newcomer(user("bob"))].into(),
        created_at: Timestamp(EPOCH),
        last_position: Position(head),
        revision: Revision::ZERO,
        messages: Lenient::default(),
        pinned_messages: Lenient::default(),
        unread_count: 0,
        unread_mentions: 0,
        settings: Settings::default(),
    }
}

pub(super) fn message(conversation: &str, key: OperationKey, position: u64) -> Message {
    Message {
        operation_key: key,
        sender_id: user("alice"),
        content: Default::default(),
        ..crate::testing::server::message(conversation, position)
    }
}

pub(super) fn applied(key: OperationKey) -> Outcome {
    Outcome {
        operation_key: key,
        status: OutcomeStatus::Applied {
            applied_at: Timestamp(EPOCH),
            seq: Seq(5),
            message: None,
            conversation: None,
        },
    }
}

pub(super) fn applied_message(message: Message) -> Outcome {
    Outcome {
        operation_key: message.operation_key,
        status: OutcomeStatus::Applied {
            applied_at: Timestamp(EPOCH),
            seq: Seq(5),
            message: Some(Box::new(message)),
            conversation: None,
        },
    }
}

pub(super) fn refused(key: OperationKey, code: Code) -> Outcome {
    Outcome {
        operation_key: key,
        status: OutcomeStatus::Failed {
            problem: Problem::new(code, "x"),
        },
    }
}

pub(super) fn skipped(key: OperationKey) -> Outcome {
    Outcome {
        operation_key: key,
        status: OutcomeStatus::Skipped,
    }
}

pub(super) fn ready(server_time: i64) -> Ready {
    Ready {
        user_id: user("alice"),
        device_id: DeviceId::new("phone").unwrap(),
        log_id: LogId::new("log").unwrap(),
        head: Seq(0),
        heartbeat_ms: 30_000,
        operation_key_retention_ms: (30 * DAY_MS) as u64,
        server_time: Timestamp(server_time),
        limits: Limits::default(),
        capabilities: fulmar_protocol::Capability::ALL.into(),
    }
}
