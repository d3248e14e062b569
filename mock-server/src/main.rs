//! The mock server as a program.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fulmar_mock_server::{Config, MockServer, MockServerBuilder, Scenario};
use fulmar_protocol::{Capability, Limits};

/// A mock backend that speaks the whole Fulmar protocol. For tests, never for production.
#[derive(Debug, Parser)]
#[command(name = "fulmar-mock-server", version)]
struct Options {
    /// The address to listen on. Anything but loopback lets others in.
    #[arg(long, env = "FULMAR_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port to listen on; 0 takes a free one and prints it.
    #[arg(long, env = "FULMAR_PORT", default_value_t = 4000)]
    port: u16,
    /// Keep everything in this SQLite file across restarts.
    #[arg(long, env = "FULMAR_DATABASE")]
    database: Option<PathBuf>,
    /// Speak TLS, with a certificate made for this run, which is written to this file as PEM.
    #[arg(long, env = "FULMAR_TLS", value_name = "CERTIFICATE.pem")]
    tls: Option<PathBuf>,
    /// Write where it listens to this file, as JSON, once it does.
    #[arg(long, env = "FULMAR_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Stop when standard input ends: then a server does not outlive the test that started it, however that
    /// ends.
    #[arg(long)]
    stop_with_input: bool,
    /// How logs are written to standard error; RUST_LOG says which.
    #[arg(long, env = "FULMAR_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What the world is like: a scenario file, or one of those that come with the server by its name.
    #[arg(long, env = "FULMAR_SCENARIO", value_name = "FILE|NAME", value_parser = Scenario::find)]
    scenario: Option<Scenario>,
    /// The address of the admin API. Beyond loopback it wants a token.
    #[arg(long, env = "FULMAR_ADMIN_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    admin_host: IpAddr,
    /// The port of the admin API; 0 takes a free one and prints it.
    #[arg(long, env = "FULMAR_ADMIN_PORT", default_value_t = 0)]
    admin_port: u16,
    /// The token that the admin API wants. Beyond loopback one is made up when it is not given, and printed.
    #[arg(long, env = "FULMAR_ADMIN_TOKEN", value_name = "TOKEN", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    admin_token: Option<String>,
    /// Start without the admin API.
    #[arg(long)]
    no_admin: bool,
    /// Hand push notifications over to this address, by POST; without it they are only recorded.
    #[arg(long, env = "FULMAR_WEBHOOK")]
    webhook: Option<String>,
    /// Start without the demo users and their conversation. A scenario says by itself whether it has them.
    #[arg(long, conflicts_with = "scenario")]
    no_demo: bool,
    /// Add a user, as NAME:PASSWORD; may be given several times.
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = user)]
    users: Vec<(String, String)>,
    /// How long access tokens are valid, in seconds; at most a hundred years.
    #[arg(long, default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=3_155_760_000))]
    token_lifetime: u64,
    /// How many messages a user may send in a minute; without it, any number.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    messages_per_minute: Option<u32>,
    /// How many bytes a file may have.
    #[arg(long, default_value_t = Config::default().limits.file_bytes,
          value_parser = clap::value_parser!(u64).range(1..))]
    file_bytes: u64,
    /// How many bytes the text of a message may have; at most half of what a frame holds.
    #[arg(long, default_value_t = Config::default().limits.text_bytes,
          value_parser = clap::value_parser!(u32).range(1..=524_288))]
    text_bytes: u32,
    /// What it can do beyond what every backend does, as names with commas between them; `none` for nothing. Without
    /// it, everything.
    #[arg(long, env = "FULMAR_CAPABILITIES", value_name = "NAMES", value_parser = capabilities)]
    capabilities: Option<Capabilities>,
}

/// What a server can do beyond what every backend does.
type Capabilities = BTreeSet<Capability>;

fn capabilities(names: &str) -> Result<Capabilities, String> {
    if names == "none" {
        return Ok(Capabilities::new());
    }
    names
        .split(',')
        .map(|name| {
            let mut all = Capability::ALL.into_iter();
            let found = all.find(|capability| capability.name() == name.trim());
            found.ok_or_else(|| {
                let all = Capability::ALL.map(Capability::name).join(", ");
                format!("{name:?} is none of {all}")
            })
        })
        .collect()
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A new token for the admin API. It is printed where the server was started.
fn token() -> Result<String, getrandom::Error> {
    let mut random = [0_u8; 24];
    getrandom::fill(&mut random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn who_can_sign_in(scenario: &Scenario) -> String {
    let demo = match scenario.demo {
        true => vec![
            "alice (alice-password)".to_owned(),
            "bob (bob-password)".to_owned(),
        ],
        false => Vec::new(),
    };
    let users = scenario.users.iter();
    let users = users.map(|user| format!("{} ({})", user.user_id, user.password));
    let people: Vec<String> = demo.into_iter().chain(users).collect();
    people.join(", ")
}

impl Options {
    /// Whether the demo data is wanted: not beside a scenario.
    fn has_demo(&self) -> bool {
        !self.no_demo && self.scenario.is_none()
    }
}

fn user(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.to_owned(), password.to_owned())),
        _ => Err("expected NAME:PASSWORD".to_owned()),
    }
}

/// Nobody is told twice: one of the passwords would not count.
fn told_once(users: &[(String, String)]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    match users.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(format!("--user names {name:?} twice")),
        None => Ok(()),
    }
}

#[tokio::main]
#[allow(clippy::print_stderr)]
async fn main() -> ExitCode {
    let options = Options::parse();
    log(options.log_format);
    if let Err(error) = told_once(&options.users).and_then(|()| make_room(&options)) {
        eprintln!("fulmar-mock-server: {error}");
        return ExitCode::FAILURE;
    }
    // From here on, also while it starts.
    let asked = match asked_to_stop() {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("fulmar-mock-server: no signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut builder = described(&options);
    let demo = options.has_demo();
    if !options.host.is_loopback() {
        eprintln!(
            "fulmar-mock-server: warning: {} lets others in, and this server is for tests only",
            options.host
        );
    }
    let mut made_up = None;
    if !options.no_admin {
        let address = SocketAddr::new(options.admin_host, options.admin_port);
        builder = match (options.admin_token, options.admin_host.is_loopback()) {
            (Some(token), _) => builder.admin_at(address, token),
            (None, true) => builder.admin(options.admin_port),
            (None, false) => match token() {
                Ok(token) => {
                    made_up = Some(token.clone());
                    builder.admin_at(address, token)
                }
                Err(error) => {
                    eprintln!("fulmar-mock-server: no token for the admin API: {error}");
                    return ExitCode::FAILURE;
                }
            },
        };
    }
    let people = match &options.scenario {
        Some(scenario) => who_can_sign_in(scenario),
        None => String::new(),
    };
    if let Some(scenario) = options.scenario {
        builder = builder.scenario(scenario);
    }
    let server = match builder.start().await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("fulmar-mock-server: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = tell(
        &server,
        options.tls.as_deref(),
        options.ready_file.as_deref(),
    ) {
        eprintln!("fulmar-mock-server: {error}");
        return ExitCode::FAILURE;
    }
    if let Some(url) = server.admin_url() {
        say(&format!("admin on {url}"));
    }
    if let Some(token) = made_up {
        say(&format!("admin token {token}"));
    }
    say(&format!("listening on {}", server.url()));
    if demo {
        say("alice (alice-password) and bob (bob-password) can sign in");
    } else if !people.is_empty() {
        say(&format!("{people} can sign in"));
    }
    tokio::select! {
        _ = asked => {}
        () = end_of_input(), if options.stop_with_input => {}
    }
    say("stopping");
    server.stop().await;
    ExitCode::SUCCESS
}

/// The server that the options ask for, but for its admin API and its scenario.
fn described(options: &Options) -> MockServerBuilder {
    let mut builder = MockServer::builder()
        .address(SocketAddr::new(options.host, options.port))
        .config(Config {
            access_token_lifetime: Duration::from_secs(options.token_lifetime),
            messages_per_minute: options.messages_per_minute,
            limits: Limits {
                text_bytes: options.text_bytes,
                file_bytes: options.file_bytes,
                ..Limits::default()
            },
            capabilities: options
                .capabilities
                .clone()
                .unwrap_or(Config::default().capabilities),
            ..Config::default()
        });
    if let Some(path) = &options.database {
        builder = builder.database(path);
    }
    if options.tls.is_some() {
        builder = builder.tls();
    }
    if let Some(url) = &options.webhook {
        builder = builder.webhook(url);
    }
    if options.has_demo() {
        builder = builder.demo();
    }
    for (name, password) in &options.users {
        builder = builder.user(name, password);
    }
    builder
}

fn log(format: LogFormat) {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// Files that are written are files of their own, and none of the last run is there any more: scripts wait for them.
fn make_room(options: &Options) -> Result<(), String> {
    let written = [&options.tls, &options.ready_file];
    let written: Vec<&Path> = written
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    for (index, path) in written.iter().enumerate() {
        let others = written.iter().copied().take(index);
        if others
            .chain(options.database.as_deref())
            .any(|other| other == *path)
        {
            return Err(format!("{} is to be two things", path.display()));
        }
    }
    for path in written {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("{}: {error}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Writes the files that scripts wait for: the certificate first, and whole ones only.
fn tell(
    server: &MockServer,
    certificate: Option<&Path>,
    ready: Option<&Path>,
) -> Result<(), String> {
    if let (Some(path), Some(pem)) = (certificate, server.certificate()) {
        write(path, pem)?;
    }
    if let Some(path) = ready {
        let where_it_is = serde_json::json!({"url": server.url(), "adminUrl": server.admin_url()});
        write(path, &format!("{where_it_is}\n"))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", path.display());
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    std::fs::write(&unfinished, text).map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)
}

/// Prints a line for the program that started this one. That program may have ended by now.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Waits until standard input is closed at its other end. Reading blocks, so it has a thread of its own, which is
/// not joined in the end.
async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // What is said there is nobody's business; an error is an end, too.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}

/// How long the end may take that was asked for: who asks waits no longer, and kills.
const LONGEST_END: Duration = Duration::from_secs(3);

/// Told when the system, or somebody with Ctrl-C, asks for the end. It is heard, and it comes in time, whatever the
/// server is busy with: a thread of its own sees to both.
fn asked_to_stop() -> std::io::Result<tokio::sync::oneshot::Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (ask, asked) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().spawn(move || {
        runtime.block_on(stop_signal());
        // Nobody waits any more when the server has stopped by itself.
        let _ = ask.send(());
        std::thread::sleep(LONGEST_END);
        std::process::exit(0);
    })?;
    Ok(asked)
}

/// Waits for Ctrl-C, or for the system to ask for the end.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
