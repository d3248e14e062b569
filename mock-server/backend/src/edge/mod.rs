//! The edge: bytes of HTTP and WebSocket on one side, rules on the other. Still without sockets:
//! whoever has some hands in what came and sends what comes out.

pub(crate) mod http;
mod live;
mod presence;
mod rest;
pub(crate) mod socket;
mod upkeep;
