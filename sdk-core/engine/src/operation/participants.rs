//! `participant.add`, `participant.remove` and `participant.update` (PROTOCOL.md §5.11).

use std::slice;

use fulmar_protocol::{
    Participant, ParticipantAdd, ParticipantRemove, ParticipantUpdate, Position, Role, UserId,
};

use super::{By, Checked, Operation, Shown, Situation};
use crate::io::Rule;
use crate::store::Result;

impl Operation for ParticipantAdd {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        by_admins(at)
    }

    fn overlay(&self, shown: &mut Shown<'_>, _: &By<'_>) {
        let Shown::Participants(people) = shown else {
            return;
        };
        for user in &self.user_ids {
            if !people.iter().any(|person| person.user_id == *user) {
                people.push(newcomer(user.clone()));
            }
        }
    }

    fn people(&self) -> &[UserId] {
        &self.user_ids
    }
}

impl Operation for ParticipantRemove {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        if self.user_id == *at.owner {
            return Ok(Checked::allowed_if(at.is_group()?, Rule::RoleMissing));
        }
        by_admins(at)
    }

    fn overlay(&self, shown: &mut Shown<'_>, _: &By<'_>) {
        if let Shown::Participants(people) = shown {
            people.retain(|person| person.user_id != self.user_id);
        }
    }

    fn people(&self) -> &[UserId] {
        slice::from_ref(&self.user_id)
    }
}

impl Operation for ParticipantUpdate {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        by_admins(at)
    }

    fn overlay(&self, shown: &mut Shown<'_>, _: &By<'_>) {
        let Shown::Participants(people) = shown else {
            return;
        };
        for person in people.iter_mut() {
            if person.user_id == self.user_id {
                person.role = self.role;
            }
        }
    }

    fn people(&self) -> &[UserId] {
        slice::from_ref(&self.user_id)
    }
}

fn by_admins(at: &Situation<'_>) -> Result<Checked> {
    let allowed = at.is_group()? && at.role()? == Role::Admin;
    Ok(Checked::allowed_if(allowed, Rule::RoleMissing))
}

/// A participant of which only the id is known yet.
pub(crate) fn newcomer(user_id: UserId) -> Participant {
    Participant {
        user_id,
        name: String::new(),
        avatar_url: None,
        role: Role::Member,
        delivered_to: Position::ZERO,
        read_to: Position::ZERO,
    }
}
