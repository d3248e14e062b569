//! The edge: bytes of HTTP and WebSocket on one side, rules on the other. Still without sockets:
//! whoever has some hands in what came and sends what comes out.

mod files;
pub(crate) mod http;
mod live;
mod openapi;
mod openapi_files;
mod presence;
mod rest;
mod routes;
pub(crate) mod socket;
mod upkeep;
