//! The edge: bytes of HTTP and WebSocket on one side, rules on the other. Still without sockets:
//! whoever has some hands in what came and sends what comes out.

pub(crate) mod http;
mod live;
mod openapi;
mod presence;
mod rest;
mod routes;
pub(crate) mod socket;
mod upkeep;
