//! What the server of a world is like, drawn from a seed, as a scenario file.

use std::fmt::Write as _;

use fastrand::Rng;

pub(crate) const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
/// What each device reacts with, and no other.
pub(crate) const EMOJI: [&str; 6] = ["👍", "🎉", "😂", "🙏", "🔥", "👀"];
/// Everybody is in all of them, for good.
pub(crate) const TITLES: [&str; 2] = ["Harbour", "Market"];

/// A scenario, and what is remarkable about it, in words.
pub(crate) fn draw(rng: &mut Rng) -> (String, String) {
    let token = [2_000, 10_000, 900_000][rng.usize(..3)];
    let heartbeat = [1_000, 2_000, 4_000][rng.usize(..3)];
    let capacity = [10, 100, 100_000][rng.usize(..3)];
    let limit = [None, None, Some(600), Some(300)][rng.usize(..4)];
    let history = [0, 3, 130][rng.usize(..3)];
    let about = format!(
        "tokens of {} s, heartbeats of {} s, logs of {capacity} events, {} messages a minute, {history} messages before",
        token / 1000,
        heartbeat / 1000,
        limit.map_or("any".to_owned(), |limit: u32| limit.to_string()),
    );
    let mut text = format!(
        "about = \"{about}\"\n[settings]\naccessTokenMs = {token}\nheartbeatMs = {heartbeat}\n\
         logCapacity = {capacity}\n"
    );
    // Writing to a String cannot fail.
    if let Some(limit) = limit {
        let _ = writeln!(text, "messagesPerMinute = {limit}");
    }
    for user in PEOPLE {
        let _ = write!(
            text,
            "[[users]]\nuserId = \"{user}\"\npassword = \"{user}-password\"\n"
        );
    }
    for title in TITLES {
        let _ = write!(
            text,
            "[[conversations]]\ntitle = \"{title}\"\nparticipants = {PEOPLE:?}\nmadeUp = {history}\n"
        );
    }
    // Counted from each start of the server.
    for _ in 0..rng.u8(..3) {
        let (at, user) = (rng.u32(2_000..15_000), PEOPLE[rng.usize(..PEOPLE.len())]);
        let change = if rng.bool() { "cutLog" } else { "resetLog" };
        let _ = write!(
            text,
            "[[later]]\natMs = {at}\ndo = {{ {change} = \"{user}\" }}\n"
        );
    }
    (text, about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_settings_again_and_others_draw_others() {
        let draw = |seed| draw(&mut Rng::with_seed(seed));
        assert_eq!(draw(3), draw(3));
        assert!((0..20).any(|seed| draw(seed).0 != draw(3).0));
        assert!(draw(3).0.contains("userId = \"alice\""));
    }
}
