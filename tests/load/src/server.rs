//! The server under load: a process with a world for the crowd.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::{Options, Trouble, trouble};

pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
    _folder: TempDir,
}

impl Server {
    /// Starts a server with all users and their conversations.
    pub(crate) async fn start(options: &Options) -> Result<Self, Trouble> {
        let folder = tempfile::tempdir().map_err(trouble)?;
        let scenario = folder.path().join("crowd.toml");
        fs::write(&scenario, world(options)).map_err(trouble)?;
        let mut command = Command::new(&options.server);
        command.args(["--no-admin", "--scenario"]).arg(&scenario);
        Self::run(command, folder).await.map(|(server, _)| server)
    }

    /// Starts one without users, and says where its admin API is.
    pub(crate) async fn with_admin(program: &Path) -> Result<(Self, String), Trouble> {
        let folder = tempfile::tempdir().map_err(trouble)?;
        Self::run(Command::new(program), folder).await
    }

    async fn run(mut command: Command, folder: TempDir) -> Result<(Self, String), Trouble> {
        let mut process = command
            .args(["--port", "0", "--stop-with-input"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(trouble)?;
        let output = process.stdout.take().ok_or_else(|| trouble("no output"))?;
        let mut lines = BufReader::new(output).lines();
        let mut admin = String::new();
        while let Some(line) = lines.next_line().await.map_err(trouble)? {
            if let Some(url) = line.strip_prefix("admin on ") {
                admin = url.to_owned();
            } else if let Some(url) = line.strip_prefix("listening on ") {
                let url = url.to_owned();
                let server = Self {
                    process,
                    url,
                    _folder: folder,
                };
                return Ok((server, admin));
            }
        }
        Err(trouble("the server did not say where it listens"))
    }

    /// How many bytes of it are in memory, where the system says so.
    pub(crate) fn memory(&self) -> Option<u64> {
        let told = fs::read_to_string(format!("/proc/{}/status", self.process.id()?)).ok()?;
        let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kib * 1024)
    }
}

/// The users in groups, one group after the other.
fn world(options: &Options) -> String {
    // Logs that a crowd fills are short, so that memory has a bound.
    let mut text = "about = \"a crowd\"\n[settings]\nlogCapacity = 100\n".to_owned();
    for number in 0..options.sockets {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "[[users]]\nuserId = \"u{number}\"\npassword = \"p\"\n"
        );
    }
    let all: Vec<String> = (0..options.sockets)
        .map(|number| format!("\"u{number}\""))
        .collect();
    for (group, people) in all.chunks(options.participants).enumerate() {
        let people = people.join(", ");
        let _ = write!(
            text,
            "[[conversations]]\ntitle = \"g{group}\"\nparticipants = [{people}]\n"
        );
    }
    text
}
