//! What the rows measure on, and how they print.

use std::path::Path;
use std::time::Duration;

use fulmar::{Client, ConnectionState};
use fulmar_mock_server::MockServer;

pub(crate) async fn signed_in(server: &MockServer, path: &Path) -> Client {
    let client = Client::builder(server.url(), path).build().await.unwrap();
    client.sign_in("alice", "alice-password").await.unwrap();
    live(&client).await;
    client
}

/// Waits until a client has everything and hears what comes.
pub(crate) async fn live(client: &Client) {
    let mut connection = client.connection();
    while connection.next().await.unwrap() != ConnectionState::Live {}
}

/// Waits until nothing is unsent.
pub(crate) async fn all_sent(client: &Client) {
    let mut outbox = client.outbox();
    outbox.next().await.unwrap();
    while !outbox.items().is_empty() {
        outbox.next().await.unwrap();
    }
}

pub(crate) fn p50(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

pub(crate) fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

pub(crate) fn row(name: &str, ours: Duration, raw: Duration, goal: &str) {
    let ratio = ours.as_secs_f64() / raw.as_secs_f64().max(f64::MIN_POSITIVE);
    println!(
        "{name:<52} {:>10} {:>10} {ratio:>6.2}×  {goal}",
        micros(ours),
        micros(raw),
    );
}
