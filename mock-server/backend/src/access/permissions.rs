//! Who may do what in a conversation: tables, without a database (PROTOCOL.md §4.4).

use fulmar_protocol::{ConversationKind, Role, Writing};

/// The other one of a direct conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counterpart {
    /// It is no direct conversation.
    None,
    There,
    /// One of the two has blocked the other.
    Blocked,
    /// Their account was deleted.
    Gone,
}

/// What somebody wants to change of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) title_or_picture: bool,
    pub(crate) writing: bool,
    pub(crate) context: bool,
}

/// Writing, editing, reacting, typing.
pub(super) fn may_write(role: Role, writing: Writing, counterpart: Counterpart) -> bool {
    match counterpart {
        Counterpart::Blocked | Counterpart::Gone => false,
        Counterpart::None | Counterpart::There => match writing {
            Writing::Everyone => true,
            Writing::Admins => role == Role::Admin,
        },
    }
}

/// Pinning what others wrote, by somebody who may write.
pub(super) fn may_pin_of_others(kind: ConversationKind, role: Role) -> bool {
    match kind {
        ConversationKind::Direct => true,
        ConversationKind::Group | ConversationKind::Unknown => match role {
            Role::Admin | Role::Moderator => true,
            Role::Member => false,
        },
    }
}

/// Both people of a direct conversation say what it is about; the rest of it is given.
pub(super) fn may_update(kind: ConversationKind, role: Role, change: Change) -> bool {
    match kind {
        ConversationKind::Direct => !change.title_or_picture && !change.writing,
        ConversationKind::Group | ConversationKind::Unknown => match role {
            Role::Admin => true,
            Role::Moderator => !change.writing && !change.context,
            Role::Member => false,
        },
    }
}

/// Adding and removing others, and giving them roles.
pub(super) fn may_manage(kind: ConversationKind, role: Role) -> bool {
    may_leave(kind)
        && match role {
            Role::Admin => true,
            Role::Moderator | Role::Member => false,
        }
}

pub(super) fn may_leave(kind: ConversationKind) -> bool {
    match kind {
        ConversationKind::Direct => false,
        ConversationKind::Group | ConversationKind::Unknown => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 3] = [Role::Admin, Role::Moderator, Role::Member];

    #[test]
    fn who_may_write() {
        for (writing, counterpart, roles) in [
            (Writing::Everyone, Counterpart::None, [true, true, true]),
            (Writing::Admins, Counterpart::None, [true, false, false]),
            (Writing::Everyone, Counterpart::There, [true, true, true]),
            (Writing::Everyone, Counterpart::Blocked, [false; 3]),
            (Writing::Everyone, Counterpart::Gone, [false; 3]),
        ] {
            let may = ROLES.map(|role| may_write(role, writing, counterpart));
            assert_eq!(may, roles, "{writing:?} {counterpart:?}");
        }
    }

    #[test]
    fn who_may_update_what() {
        use ConversationKind::{Direct, Group, Unknown};
        // For title or picture, writing, and context: admin, moderator, member.
        for (kind, look, writing, context) in [
            (
                Group,
                [true, true, false],
                [true, false, false],
                [true, false, false],
            ),
            (
                Unknown,
                [true, true, false],
                [true, false, false],
                [true, false, false],
            ),
            (Direct, [false; 3], [false; 3], [true; 3]),
        ] {
            let may = |title_or_picture, writing, context| {
                let change = Change {
                    title_or_picture,
                    writing,
                    context,
                };
                ROLES.map(|role| may_update(kind, role, change))
            };
            assert_eq!(may(true, false, false), look, "{kind:?}: title or picture");
            assert_eq!(may(false, true, false), writing, "{kind:?}: writing");
            assert_eq!(may(false, false, true), context, "{kind:?}: context");
        }
    }

    #[test]
    fn who_may_pin_what_others_wrote() {
        for (kind, pin) in [
            (ConversationKind::Group, [true, true, false]),
            (ConversationKind::Unknown, [true, true, false]),
            (ConversationKind::Direct, [true; 3]),
        ] {
            let may = ROLES.map(|role| may_pin_of_others(kind, role));
            assert_eq!(may, pin, "{kind:?}");
        }
    }

    #[test]
    fn who_may_manage_others_and_leave() {
        for (kind, manage, leave) in [
            (ConversationKind::Group, [true, false, false], true),
            (ConversationKind::Unknown, [true, false, false], true),
            (ConversationKind::Direct, [false; 3], false),
        ] {
            assert_eq!(ROLES.map(|role| may_manage(kind, role)), manage, "{kind:?}");
            assert_eq!(may_leave(kind), leave, "{kind:?}");
        }
    }
}
