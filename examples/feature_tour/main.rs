//! A walk through what the SDK can do, against an embedded server: each step says what it does, does
//! it, and waits until the other side shows it. Ends with an error if anything is not so.
#![allow(clippy::print_stdout)]

mod accounts;
mod files;
mod groups;
mod reading;
mod stage;
mod talking;

use std::error::Error;
use std::path::Path;

use fulmar::Client;
use fulmar_mock_server::MockServer;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = MockServer::builder()
        .demo()
        .user("carol", "carol-password")
        .start()
        .await?;
    let mut tour = Tour {
        alice: sign_in(&server, folder.path(), "alice").await?,
        bob: sign_in(&server, folder.path(), "bob").await?,
        carol: sign_in(&server, folder.path(), "carol").await?,
        server,
    };
    tour.messages().await?;
    tour.offline().await?;
    tour.files().await?;
    tour.groups().await?;
    tour.reading().await?;
    tour.history().await?;
    tour.storm().await?;
    tour.push().await?;
    tour.accounts().await?;
    for client in [&tour.alice, &tour.bob, &tour.carol] {
        client.close().await;
    }
    tour.server.stop().await;
    println!("\nThat was the tour.");
    Ok(())
}

struct Tour {
    server: MockServer,
    alice: Client,
    bob: Client,
    carol: Client,
}

async fn sign_in(server: &MockServer, folder: &Path, name: &str) -> Result<Client> {
    let client = Client::builder(server.url(), folder.join(format!("{name}.db")))
        .build()
        .await?;
    client.sign_in(name, format!("{name}-password")).await?;
    Ok(client)
}
