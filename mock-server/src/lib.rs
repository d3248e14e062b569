//! A mock backend that speaks the whole Fulmar protocol: for an app's own tests, as a library in a
//! test or as a program on a port.
//!
//! ```
//! use fulmar_mock_server::{Action, FrameKind, MockServer, When};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::builder().demo().start().await?;
//! println!("alice / alice-password can sign in at {}", server.url());
//!
//! // The next outcome for Alice is applied, but she never hears of it.
//! server.faults().when(When::outgoing(FrameKind::Outcome).user("alice")).then(Action::Drop);
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The rules live in `fulmar-backend`; this crate puts a network around them, and everything that
//! can go wrong with a network. It is for tests: it must never be anybody's production server.
#![deny(missing_docs)]

/// The code in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod admin;
mod body;
mod bounds;
mod clock;
mod connection;
mod core;
mod fault;
mod http;
mod journal;
mod json_bytes;
mod request_body;
mod robot;
mod scenario;
mod server;
mod settings;
mod socket;
mod tls;
mod webhook;
mod world;
mod worlds;

pub use fault::{
    Action, Fault, Faults, FrameKind, Network, Restart, Rule, Then, When, Where, Window,
};
#[cfg(feature = "defects")]
pub use fulmar_backend::Defect;
pub use fulmar_backend::{AuditEntry, BackendError, Config, PushDevice, RecordedPush, Stats};
pub use fulmar_protocol::Capability;
pub use journal::{Entry, Journal, NotSeen, Passed};
pub use robot::{Act, Robot, Step, Trigger};
pub use scenario::{Change, Later, NewConversation, NewUser, Said, Scenario, ScenarioError};
pub use server::{MockServer, MockServerBuilder, StartError};
pub use settings::Settings;
pub use tls::TlsError;
pub use world::World;
