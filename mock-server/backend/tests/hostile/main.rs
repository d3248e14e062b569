//! Clients that ask for what is others', by every route of HTTP and every method of operations, and clients that ask for
//! too much.
//!
//! What is asked is made from the tables of the protocol: the methods, the OpenAPI document, the frames. A new route,
//! method, frame or parameter that nobody has classified here fails these tests. Nothing is asked with a token that the
//! caller could not have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod amounts;
mod ask;
mod bodies;
mod frames;
mod kinds;
mod methods;
mod routes;
mod sizes;
mod templates;
mod tokens;
mod views;
mod world;
