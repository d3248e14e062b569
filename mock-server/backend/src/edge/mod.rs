//! The edge: bytes of HTTP and WebSocket on one side, rooms on the other. It translates, and knows which
//! sockets are open; it has no rules, and no sockets: the caller hands in what came and sends what comes
//! out.

pub(crate) mod frames;
pub(crate) mod http;
pub(crate) mod notify;
mod openapi;
mod presence;
mod rate;
pub(crate) mod sockets;
mod typing;
pub(crate) mod upkeep;
