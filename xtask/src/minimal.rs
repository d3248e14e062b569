//! The example of a first backend, in Python: the conformance suite judges it, and the SDK talks to it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::packages::Missing;
use crate::products::{self, DEBUG};
use crate::python::Packages;
use crate::run;

const PROGRAM: &str = "examples/minimal_backend/minimal_backend.py";
const USERS: [&str; 2] = ["alice:Alice:alice-password", "bob:Bob:bob-password"];
/// What it is built on.
const PACKAGES: Packages = Packages(&[("aiohttp", "3.14.5")]);
/// Where the test of the SDK finds it.
const ADDRESS: &str = "FULMAR_MINIMAL_BACKEND";

/// The backend as a program, which ends with this.
struct Backend(Child);

impl Drop for Backend {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn test(missing: Missing) -> Result<(), String> {
    let python = match PACKAGES.get() {
        Ok(folder) => folder.join("bin/python"),
        Err(reason) => return missing.python(&reason),
    };
    let (_backend, url) = start(&python)?;
    let judge = products::program(DEBUG, "fulmar-conformance")?;
    run::program(Command::new(judge).args(["--url", &url]).args([
        "--user",
        "alice",
        "--password",
        "alice-password",
        "--other-user",
        "bob",
        "--other-password",
        "bob-password",
    ]))?;
    let words = [
        "test",
        "--workspace",
        "--locked",
        "--test",
        "end_to_end",
        "minimal_backend",
        "--",
        "--ignored",
    ];
    run::cargo(&words, &[(ADDRESS, &url)])
}

/// The backend, and where it listens.
fn start(python: &Path) -> Result<(Backend, String), String> {
    let mut command = Command::new(python);
    command.args([PROGRAM, "--port", "0"]);
    for user in USERS {
        command.args(["--user", user]);
    }
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    let output = child.stdout.take();
    let backend = Backend(child);
    let mut line = String::new();
    if let Some(output) = output {
        let read = BufReader::new(output).read_line(&mut line);
        read.map_err(|error| format!("{PROGRAM}: {error}"))?;
    }
    match line.trim().strip_prefix("listening on ") {
        Some(url) => Ok((backend, url.to_owned())),
        None => Err(format!("{PROGRAM} did not say where it listens")),
    }
}
