//! Who is in a world: how many people and devices, how much they do, and how many conversations they begin. One world
//! in four is large.

use fastrand::Rng;
use fulmar_protocol::UserId;

/// What they are called; the first so many are there.
const NAMES: [&str; 8] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi",
];
/// With what each of these names begins on a screen.
pub(crate) const NAMED: &str = "The Honourable";
/// Somebody without a device, who is in every group from the beginning and sees all that is there.
pub(crate) const ORACLE: &str = "oracle";

/// The people of one world.
#[derive(Debug, Clone)]
pub(crate) struct Population {
    /// One in four is.
    pub(crate) is_large: bool,
    /// Each with the number of their devices.
    pub(crate) people: Vec<(UserId, u32)>,
    /// How often each device acts.
    pub(crate) acts: u32,
    /// How many conversations each device begins, at most.
    pub(crate) conversations: u32,
}

impl Population {
    pub(crate) fn of(rng: &mut Rng) -> Self {
        let is_large = rng.u32(0..4) == 0;
        let (many, devices, acts, conversations) = match is_large {
            true => (3..=8, 3, 8..30, 4),
            false => (1..=4, 2, 6..50, 1),
        };
        let many = rng.usize(many);
        Self {
            is_large,
            people: NAMES
                .iter()
                .take(many)
                .map(|name| (user(name), rng.u32(1..=devices)))
                .collect(),
            acts: rng.u32(acts),
            conversations: rng.u32(1..=conversations),
        }
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = &UserId> {
        self.people.iter().map(|(user, _)| user)
    }
}

pub(crate) fn user(name: &str) -> UserId {
    match UserId::new(name) {
        Ok(user) => user,
        Err(error) => unreachable!("the names are fixed: {error}"),
    }
}

/// What others read on their screens.
pub(crate) fn name_of(user: &UserId) -> String {
    format!("{NAMED} {user}")
}

/// With which they sign in.
pub(crate) fn password(user: &UserId) -> String {
    format!("{user}-password")
}
