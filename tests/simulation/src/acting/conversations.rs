//! What people do with a conversation as a whole: its settings, its title, who is in it.

use fulmar_engine::query::ConversationItem;
use fulmar_protocol::{
    Context, ConversationId, ConversationKind, ConversationLeave, ConversationUpdate, Method,
    ParticipantAdd, ParticipantRemove, ParticipantUpdate, Position, Role, SettingsUpdate,
    Timestamp, Writing,
};

use crate::network::DeviceIndex;
use crate::world::{Step, World};

impl World {
    pub(super) fn change_settings(
        &mut self,
        index: DeviceIndex,
        chosen: &ConversationItem,
    ) -> Step {
        let mut update = SettingsUpdate {
            conversation_id: chosen.conversation_id.clone(),
            muted_until: None,
            pinned: None,
            archived: None,
            hidden_to: None,
            marked_unread: None,
        };
        match self.rng.u32(0..5) {
            0 => update.muted_until = Some(Timestamp([0, i64::MAX >> 11][self.rng.usize(0..2)])),
            1 => update.pinned = Some(self.rng.bool()),
            2 => update.archived = Some(self.rng.bool()),
            3 => update.hidden_to = Some(Position(u64::MAX)),
            _ => update.marked_unread = Some(true),
        }
        self.change(index, Method::SettingsUpdate(update))
    }

    pub(super) fn change_group(&mut self, index: DeviceIndex, chosen: &ConversationItem) -> Step {
        if chosen.kind == ConversationKind::Direct {
            return Ok(());
        }
        let conversation_id = chosen.conversation_id.clone();
        let other = self.somebody();
        let method = match self.rng.u32(0..14) {
            0..3 => self.rename(conversation_id),
            3 => Method::ConversationUpdate(ConversationUpdate {
                conversation_id,
                title: None,
                avatar_url: None,
                writing: Some([Writing::Everyone, Writing::Admins][self.rng.usize(0..2)]),
                context: None,
            }),
            4..8 => Method::ParticipantAdd(ParticipantAdd {
                conversation_id,
                user_ids: vec![other],
            }),
            8..10 => Method::ParticipantUpdate(ParticipantUpdate {
                conversation_id,
                user_id: other,
                role: [Role::Admin, Role::Moderator, Role::Member][self.rng.usize(0..3)],
            }),
            10..12 => Method::ParticipantRemove(ParticipantRemove {
                conversation_id,
                user_id: other,
            }),
            _ => Method::ConversationLeave(ConversationLeave { conversation_id }),
        };
        self.change(index, method)
    }

    fn rename(&mut self, conversation_id: ConversationId) -> Method {
        let number = self.rng.u32(0..1000);
        let is_even = number.is_multiple_of(2);
        Method::ConversationUpdate(ConversationUpdate {
            conversation_id,
            title: Some(format!("title {number}")),
            avatar_url: is_even.then(|| format!("https://pictures.example/{number}")),
            writing: None,
            context: is_even.then(|| Context {
                kind: "order".to_owned(),
                id: number.to_string(),
                title: format!("order {number}"),
                extra: serde_json::json!({ "of": number }),
            }),
        })
    }
}
