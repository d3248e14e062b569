//! What the rows measure on, and how they print.

use std::path::Path;
use std::time::Duration;

use fulmar::{Client, ConnectionState};
use fulmar_mock_server::MockServer;

pub(crate) async fn signed_in(server: &MockServer, path: &Path) -> Client {
    let client = Client::builder(server.url(), path).build().await.unwrap();
    client.sign_in("alice", "alice-password").await.unwrap();
    let mut connection = client.connection();
    while connection.next().await.unwrap() != ConnectionState::Live {}
    client
}

pub(crate) fn p50(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

pub(crate) fn row(name: &str, ours: Duration, raw: Duration, goal: &str) {
    let ratio = ours.as_secs_f64() / raw.as_secs_f64().max(f64::MIN_POSITIVE);
    println!(
        "{name:<52} {:>7.0} µs {:>7.0} µs {ratio:>6.2}×  {goal}",
        ours.as_secs_f64() * 1e6,
        raw.as_secs_f64() * 1e6,
    );
}
