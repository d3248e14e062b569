//! Networks by name: each is a set of rules.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Fault, FrameKind, When, Where, Window};

/// What a network is like. It begins when it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Network {
    /// No delay and no loss.
    Good,
    /// Nothing gets through.
    Offline,
    /// 300 to 900 ms each way, and 5,000 bytes a second.
    #[serde(rename = "2g")]
    Edge,
    /// In every 20 seconds: 12 with 50 to 400 ms each way, 5 in a tunnel, 3 in which connections break.
    Train,
    /// Nothing for 20 seconds, and then as it is.
    Lift,
    /// Every request is answered with a page that wants the user to sign in to the network.
    CaptivePortal,
}

const PERIOD_MS: u64 = 20_000;
const CLEAR_MS: u64 = 12_000;
const TUNNEL_MS: u64 = 5_000;

impl Network {
    /// Every network that there is.
    pub const ALL: [Self; 6] = [
        Self::Good,
        Self::Offline,
        Self::Edge,
        Self::Train,
        Self::Lift,
        Self::CaptivePortal,
    ];

    /// Whether open connections break when it begins.
    pub(crate) fn breaks_connections(self) -> bool {
        matches!(self, Self::Offline | Self::Lift | Self::CaptivePortal)
    }

    /// Its rules, for one user or for all.
    #[must_use]
    pub fn rules(self, user: Option<&str>) -> Vec<Fault> {
        let all = |action: &Action, shape: &dyn Fn(When) -> When| -> Vec<Fault> {
            everywhere()
                .into_iter()
                .map(|place| {
                    let when = When::at(place).always();
                    let when = user.map_or(when.clone(), |user| when.user(user));
                    shape(when).then(action.clone())
                })
                .collect()
        };
        let millis = Duration::from_millis;
        match self {
            Self::Good => Vec::new(),
            Self::Offline => all(&Action::Drop, &|when| when),
            Self::Lift => all(&Action::Drop, &|when| when.lasting(millis(20_000))),
            Self::CaptivePortal => all(&Action::Html(200), &|when| when),
            Self::Edge => {
                let (from, to) = (millis(300), millis(900));
                let mut rules = all(&Action::DelayBetween { from, to }, &|when| when);
                rules.extend(all(&Action::BytesPerSecond(5_000), &|when| when));
                rules
            }
            Self::Train => {
                let part = |from_ms, for_ms| Window {
                    every_ms: PERIOD_MS,
                    from_ms,
                    for_ms,
                };
                let (from, to) = (millis(50), millis(400));
                let mut rules = all(&Action::DelayBetween { from, to }, &|when| {
                    when.during(part(0, CLEAR_MS))
                });
                rules.extend(all(&Action::Drop, &|when| {
                    when.during(part(CLEAR_MS, TUNNEL_MS))
                }));
                let rest = PERIOD_MS - CLEAR_MS - TUNNEL_MS;
                rules.extend(all(&Action::Cut, &|when| {
                    when.during(part(CLEAR_MS + TUNNEL_MS, rest))
                        .with_probability(0.3, 1)
                }));
                rules
            }
        }
    }
}

fn everywhere() -> [Where; 4] {
    [
        Where::Http("/".to_owned()),
        Where::Handshake,
        Where::Incoming(FrameKind::Any),
        Where::Outgoing(FrameKind::Any),
    ]
}
