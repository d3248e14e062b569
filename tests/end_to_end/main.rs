//! End to end tests: the SDK against the mock server, over real sockets, with stores on disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod admin;
mod bad_input;
mod blocks;
mod chaos;
mod content;
mod conversations;
mod crashes;
mod downloads;
mod fallback;
mod files;
mod groups;
mod history;
mod journal;
mod leaving;
mod messages;
mod outbox;
mod presence;
mod providers;
mod push;
mod receipts;
mod rest;
mod rules;
mod search;
mod server;
mod stores;
mod storms;
mod talking;
mod threads;
mod tls;
mod tokens;
mod typing;
mod uploads;
