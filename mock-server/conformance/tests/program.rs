//! How the program ends, and what it says when it could not be run.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::{Command, Output, Stdio};

use fulmar_mock_server::MockServer;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fulmar-conformance"));
    command.args(arguments);
    command
}

fn could_not_run(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty(), "{output:?}");
    said
}

#[test]
fn what_cannot_be_run_ends_with_2_and_one_line() {
    let url = "http://127.0.0.1:9";
    for arguments in [
        &["--url", url][..],
        &["--url", ""],
        &["--url", "notaurl"],
        &["--url", "ftp://127.0.0.1"],
        &["--url", "http://127.0.0.1:99999"],
        &["--url", url, "--ws", "notaurl"],
        &["--url", url, "--only", "99.9"],
        &["--url", url, "--only", ""],
        &["--url", url, "--only", "§3.5"],
        &["--url", url, "--only", "3."],
        &["--url", url, "--json", "/no/such/folder/report.json"],
        &["--url", url, "--junit", "/no/such/folder/report.xml"],
    ] {
        let said = could_not_run(&program(arguments).output().unwrap());
        assert!(
            said.starts_with("fulmar-conformance: "),
            "{arguments:?}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        let has_no_place = arguments.len() == 4 && arguments[3].starts_with('/');
        assert_eq!(said.contains("/no/such"), has_no_place, "before it asks");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_end_of_a_run_says_how_it_went() {
    let server = MockServer::builder().demo().start().await.unwrap();
    let url = server.url();
    let run = |stdout: Stdio, more: &'static [&str]| {
        let mut command = program(&["--url", &url]);
        command.args(more).stdout(stdout);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let good = run(Stdio::piped(), &["--only", "7.7.1"]).await.unwrap();
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    for password in ["--password", "--other-password"] {
        let wrong: &'static [&str] = match password {
            "--password" => &["--password", "a wrong one"],
            _ => &["--other-password", "a wrong one"],
        };
        let said = could_not_run(&run(Stdio::piped(), wrong).await.unwrap());
        assert!(said.contains("cannot sign in"), "{said}");
        assert!(!said.contains("a wrong one"), "{said}");
    }
    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        let unread = run(full.into(), &["--only", "7.7.1"]).await.unwrap();
        assert_eq!(could_not_run(&unread), "");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let unread = run(writer.into(), &["--only", "7.7.1"]).await.unwrap();
    assert_eq!(could_not_run(&unread), "");
}
