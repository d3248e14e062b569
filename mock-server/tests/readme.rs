//! What the README tells a stranger to type works as it stands there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::{Command, Stdio};

use fulmar_mock_server::{MockServer, Scenario};

const README: &str = include_str!("../README.md");

/// The fenced blocks of a language, in their order.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = README.split(fence.as_str()).skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_with_curl_is_answered() {
    let server = MockServer::builder().demo().admin(0).start().await.unwrap();
    let commands: String = blocks("sh")
        .into_iter()
        .filter(|block| !block.contains("cargo "))
        .collect();
    let script = commands
        .replace("http://127.0.0.1:4000", &server.url())
        .replace("http://127.0.0.1:44871", &server.admin_url().unwrap())
        // Nobody submits anything while this runs.
        .replace("waitMs=10000", "waitMs=10")
        .replace("curl -s", "curl -sS --fail-with-body");
    assert!(script.matches("curl ").count() >= 12, "{script}");
    let done = tokio::task::spawn_blocking(move || {
        Command::new("sh")
            .args(["-e", "-c", &script])
            .stdin(Stdio::null())
            .output()
            .unwrap()
    });
    let done = done.await.unwrap();
    let (said, complained) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(
        done.status.success() && complained.is_empty(),
        "{said}\n{complained}"
    );
    server.stop().await;
}

#[test]
fn the_scenario_is_one() {
    let scenarios = blocks("toml");
    assert_eq!(scenarios.len(), 1);
    assert_eq!(Scenario::from_toml(scenarios[0]).unwrap().later.len(), 3);
}

#[test]
fn everything_that_it_names_is_there() {
    for (name, _) in Scenario::SHIPPED {
        assert!(README.contains(&format!("`{name}`")), "{name}");
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let links = README
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap());
    for link in links.filter(|link| !link.starts_with("http") && !link.starts_with('#')) {
        let path = link.split('#').next().unwrap();
        assert!(
            std::path::Path::new(&format!("{root}{path}")).exists(),
            "{link}"
        );
    }
}
