//! Rules: where, for which users and devices, how often and how long something goes wrong.

use std::time::Duration;

use fulmar_protocol::{DeviceId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Action;

/// A place that every request, answer or frame passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Where {
    /// HTTP requests whose path begins like this, such as `/v1/sync`, of every verb or of one: `PATCH
    /// /v1/files`. In a world the path is that after its base URL.
    Http(String),
    /// WebSocket handshakes.
    Handshake,
    /// Frames from client to server.
    Incoming(FrameKind),
    /// Frames from server to client.
    Outgoing(FrameKind),
}

/// The kinds of frames that a rule can look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FrameKind {
    /// Every frame.
    Any,
    /// `hello`
    Hello,
    /// `authenticate`
    Authenticate,
    /// `submit`
    Submit,
    /// `ping`
    Ping,
    /// `ready`
    Ready,
    /// `events`
    Events,
    /// `outcome`
    Outcome,
    /// `pong`
    Pong,
    /// `problem`
    Problem,
    /// `sync.reset`
    Reset,
    /// `typing`
    Typing,
    /// `presence`
    Presence,
}

impl FrameKind {
    pub(crate) fn of_type(kind: &str) -> Self {
        match kind {
            "hello" => Self::Hello,
            "authenticate" => Self::Authenticate,
            "submit" => Self::Submit,
            "ping" => Self::Ping,
            "ready" => Self::Ready,
            "events" => Self::Events,
            "outcome" => Self::Outcome,
            "pong" => Self::Pong,
            "problem" => Self::Problem,
            "sync.reset" => Self::Reset,
            "typing" => Self::Typing,
            "presence" => Self::Presence,
            _ => Self::Any,
        }
    }
}

/// The part of each period in which a rule acts, counted from when it was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    /// How long a period is.
    pub every_ms: u64,
    /// Where in it the rule begins to act.
    #[serde(default)]
    pub from_ms: u64,
    /// How long it acts.
    pub for_ms: u64,
}

impl Window {
    fn is_open(self, since_set: Duration) -> bool {
        let since = u64::try_from(since_set.as_millis()).unwrap_or(u64::MAX);
        let place = since % self.every_ms.max(1);
        place >= self.from_ms && place - self.from_ms < self.for_ms
    }
}

/// A rule, once it says what happens; before that, [`When`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule<A> {
    at: Where,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// Only what carries an operation of this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// How many pass first.
    #[serde(default)]
    after: u32,
    /// How often it acts; 0 for always. Once, when it is absent.
    #[serde(default = "once")]
    times: u32,
    /// How likely it acts on what fits, from 0 to 1.
    #[serde(
        default,
        deserialize_with = "crate::bounds::probability",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(range(min = 0.0, max = 1.0))]
    probability: Option<f64>,
    /// Where its chances come from: the same seed, the same chances.
    #[serde(default)]
    seed: u64,
    /// How long it is there, by the clock of the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    for_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    during: Option<Window>,
    then: A,
}

/// Where, for which users and devices, how often and how long. By default for everybody, once, the next time.
pub type When = Rule<()>;

/// A rule: when, and what happens then.
pub type Fault = Rule<Action>;

fn once() -> u32 {
    1
}

impl From<Where> for When {
    fn from(at: Where) -> Self {
        Self::at(at)
    }
}

impl When {
    /// What passes this place.
    #[must_use]
    pub fn at(at: Where) -> Self {
        Self {
            at,
            user: None,
            device: None,
            method: None,
            after: 0,
            times: once(),
            probability: None,
            seed: 0,
            for_ms: None,
            during: None,
            then: (),
        }
    }

    /// HTTP requests whose path begins like this; with a verb before it, only those.
    #[must_use]
    pub fn http(path: &str) -> Self {
        Self::at(Where::Http(path.to_owned()))
    }

    /// WebSocket handshakes.
    #[must_use]
    pub fn handshake() -> Self {
        Self::at(Where::Handshake)
    }

    /// Frames from client to server.
    #[must_use]
    pub fn incoming(kind: FrameKind) -> Self {
        Self::at(Where::Incoming(kind))
    }

    /// Frames from server to client.
    #[must_use]
    pub fn outgoing(kind: FrameKind) -> Self {
        Self::at(Where::Outgoing(kind))
    }

    /// Only of this user.
    #[must_use]
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// Only of this device.
    #[must_use]
    pub fn device(mut self, device: &str) -> Self {
        self.device = Some(device.to_owned());
        self
    }

    /// Only submits and requests with an operation of this method, such as `message.send`. No other place
    /// knows of methods.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Lets this many pass first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.after = count;
        self
    }

    /// Only the nth that fits, counted from 1.
    #[must_use]
    pub fn nth(self, number: u32) -> Self {
        self.after(number.saturating_sub(1)).times(1)
    }

    /// Applies so many times, then never again.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = count;
        self
    }

    /// Until it is taken away.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(0)
    }

    /// With this probability, from 0 to 1 (what is beyond is taken for these); the same seed gives the same chances. What is spared is not counted.
    #[must_use]
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = Some(probability.clamp(0.0, 1.0));
        self.seed = seed;
        self
    }

    /// No longer than this after it was set, by the clock of the world.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.for_ms = Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Only in a part of each period.
    #[must_use]
    pub fn during(mut self, window: Window) -> Self {
        self.during = Some(window);
        self
    }

    /// Makes a fault of the rule: what happens where it applies.
    #[must_use]
    pub fn then(self, action: Action) -> Fault {
        Rule {
            at: self.at,
            user: self.user,
            device: self.device,
            method: self.method,
            after: self.after,
            times: self.times,
            probability: self.probability,
            seed: self.seed,
            for_ms: self.for_ms,
            during: self.during,
            then: action,
        }
    }
}

/// Whose device something comes from or goes to, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) user: Option<String>,
    pub(crate) device: Option<String>,
}

impl Who {
    pub(crate) fn is(user: &UserId, device: &DeviceId) -> Self {
        Self {
            user: Some(user.to_string()),
            device: Some(device.to_string()),
        }
    }
}

/// A request or frame that passes, as rules see it.
#[derive(Debug)]
pub(crate) struct InFlight<'a> {
    /// Where; of HTTP, the verb and the path.
    pub(crate) at: Where,
    /// The methods of the operations that it carries.
    pub(crate) methods: &'a [String],
}

impl Fault {
    /// What happens to what the rule applies to.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.then
    }

    pub(super) fn passes_first(&self) -> u32 {
        self.after
    }

    pub(super) fn acts(&self) -> u32 {
        self.times
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn chance(&self) -> Option<f64> {
        self.probability
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, since_set: Duration) -> bool {
        self.for_ms
            .is_some_and(|lasting| since_set >= Duration::from_millis(lasting))
    }

    pub(super) fn fits(&self, in_flight: &InFlight<'_>, who: &Who, since_set: Duration) -> bool {
        let place_fits = match (&self.at, &in_flight.at) {
            (Where::Http(rule), Where::Http(request)) => fits_request(rule, request),
            (Where::Incoming(FrameKind::Any), Where::Incoming(_))
            | (Where::Outgoing(FrameKind::Any), Where::Outgoing(_)) => true,
            (mine, theirs) => mine == theirs,
        };
        let is = |wanted: &Option<String>, found: &Option<String>| {
            wanted.is_none() || wanted.as_ref() == found.as_ref()
        };
        place_fits
            && is(&self.user, &who.user)
            && is(&self.device, &who.device)
            && (self.method.as_ref()).is_none_or(|method| in_flight.methods.contains(method))
            && self.during.is_none_or(|window| window.is_open(since_set))
    }
}

/// `request` is a verb and a path; `rule` may leave out the verb.
fn fits_request(rule: &str, request: &str) -> bool {
    let path = request.split_once(' ').map_or(request, |(_, path)| path);
    match rule.contains(' ') {
        true => request.starts_with(rule),
        false => path.starts_with(rule),
    }
}
