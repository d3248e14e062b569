//! One world: its people, its weather, its time.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use fastrand::Rng;
use fulmar_backend::{Backend, HttpRequest, Outgoing};
use fulmar_engine::{
    AppState, Command, Config, Durability, Effect, Engine, Input, NetworkState, NewConversation,
    Reply, RequestFailure, SessionState, SocketEvent, SocketFailure, SocketId,
};
use fulmar_protocol::{
    ApiRequest, CloseCode, HttpMethod, OperationKey, Position, Secret, ServerFrame, Timestamp,
    UserId,
};
use rusqlite::Connection;

use crate::device::{Device, Waiting};
use crate::network::{DeviceIndex, Direction, FarSocket, Happening, Network, Process};
use crate::oracle::Truth;
use crate::storm::Storm;

/// When every world begins, in milliseconds since 1970.
pub(crate) const EPOCH: i64 = 1_790_000_000_000;
/// How long a world may take to converge after the storm, in virtual milliseconds.
const PATIENCE: u64 = 15 * 60 * 1000;
/// How long a converged world is watched: longer than a heartbeat and its pong.
const QUIET: u64 = 45 * 1000;
/// A world that takes more steps than this runs in circles.
const MOST_STEPS: u64 = 400_000;
const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

/// What a world came to.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Stands for every effect of every engine, in order.
    pub fingerprint: u64,
    /// How many turns the engines took.
    pub turns: u64,
    /// How many messages were sent.
    pub messages: usize,
    /// How often a process crashed.
    pub crashes: u64,
}

/// How a world went wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which world.
    pub seed: u64,
    /// When, in virtual milliseconds.
    pub at: u64,
    /// What was not as it must be.
    pub what: String,
}

/// A world.
#[allow(missing_debug_implementations)]
pub struct World {
    seed: u64,
    rng: Rng,
    storm: Storm,
    stormy: bool,
    time: u64,
    backend: Backend,
    devices: Vec<Device>,
    network: Network,
    config: Config,
    hasher: DefaultHasher,
    turns: u64,
    crashes: u64,
    verbose: bool,
}

type Step = Result<(), String>;

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let storm = Storm::of(&mut rng);
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        let config = fulmar_backend::Config {
            access_token_lifetime: Duration::from_secs(storm.token_lifetime),
            ..fulmar_backend::Config::default()
        };
        let mut backend = match Backend::in_memory(config, bytes) {
            Ok(backend) => backend,
            Err(error) => unreachable!("a database in memory can be opened: {error}"),
        };
        let mut devices = Vec::new();
        for name in PEOPLE {
            let user = user(name);
            let password = Secret::new(format!("{name}-password"));
            // The names are fixed and differ.
            let _ = backend.add_user(&user, name, &password, Timestamp(EPOCH));
            for number in 1..=2 {
                let disk = new_disk(storm.reverse_rows);
                devices.push(Device::new(&format!("{name}.{number}"), user.clone(), disk));
            }
        }
        Self {
            seed,
            rng,
            storm,
            stormy: true,
            time: 0,
            backend,
            devices,
            network: Network::default(),
            config: Config::default(),
            hasher: DefaultHasher::new(),
            turns: 0,
            crashes: 0,
            verbose: false,
        }
    }

    /// Prints every step.
    #[must_use]
    pub fn verbose(mut self) -> Self {
        self.verbose = true;
        self
    }

    /// Runs the storm, and then until everything has converged.
    pub fn run(mut self) -> Result<Outcome, Failure> {
        match self.live() {
            Ok(messages) => Ok(Outcome {
                fingerprint: self.hasher.finish(),
                turns: self.turns,
                messages,
                crashes: self.crashes,
            }),
            Err(what) => Err(Failure {
                seed: self.seed,
                at: self.time,
                what,
            }),
        }
    }

    fn live(&mut self) -> Result<usize, String> {
        for device in 0..self.devices.len() {
            self.network.at(0, Happening::Start { device });
            for _ in 0..self.storm.messages * 2 {
                let at = self.rng.u64(0..self.storm.duration);
                self.network.at(at, Happening::Act { device });
            }
        }
        for second in 0..self.storm.duration / 1000 {
            self.network.at(second * 1000, Happening::Weather);
        }
        self.network.at(1000, Happening::ServerTick);
        while self.time < self.storm.duration {
            self.step()?;
        }
        self.clear_up()?;
        let deadline = self.time + PATIENCE;
        while !self.converged()? {
            if self.time > deadline {
                return Err(format!("no convergence: {}", self.what_is_left()?));
            }
            self.step()?;
        }
        // What is still under way arrives, and a heartbeat shows what was silently lost.
        let quiet = self.time + QUIET;
        while self.time < quiet {
            self.step()?;
        }
        match self.what_is_left()? {
            left if left.is_empty() => self.judge(),
            left => Err(format!("it did not stay converged: {left}")),
        }
    }

    /// The weather clears: nothing is lost any more, and everyone is online.
    fn clear_up(&mut self) -> Step {
        self.storm = self.storm.clear();
        self.stormy = false;
        for device in 0..self.devices.len() {
            self.start(device)?;
            self.turn(device, vec![Input::Network(NetworkState::Available)])?;
            self.turn(device, vec![Input::App(AppState::Foreground)])?;
        }
        Ok(())
    }

    fn step(&mut self) -> Step {
        if self.turns > MOST_STEPS {
            return Err("it runs in circles".to_owned());
        }
        let deadline = self
            .devices
            .iter()
            .enumerate()
            .filter_map(|(index, device)| {
                let deadline = device.engine.as_ref().and_then(Engine::next_deadline)?;
                Some((deadline.at.0, index))
            })
            .min();
        match (self.network.next_time(), deadline) {
            (Some(time), Some((due, device))) if due < time => {
                self.time = self.time.max(due);
                self.turn(device, Vec::new())
            }
            (Some(time), _) => {
                self.time = self.time.max(time);
                match self.network.pop() {
                    Some(happening) => self.happen(happening),
                    None => Ok(()),
                }
            }
            (None, Some((due, device))) => {
                self.time = self.time.max(due);
                self.turn(device, Vec::new())
            }
            (None, None) => Err("nothing will ever happen again".to_owned()),
        }
    }

    fn chance(&mut self, per_thousand: u32) -> bool {
        self.rng.u32(0..1000) < per_thousand
    }

    fn delay(&mut self) -> u64 {
        self.time + self.rng.u64(1..=self.storm.latency)
    }

    fn server_now(&self) -> Timestamp {
        Timestamp(EPOCH + self.time as i64)
    }

    fn process(&self, device: DeviceIndex) -> Process {
        Process {
            device,
            run: self.devices[device].run,
        }
    }

    fn is_alive(&self, process: Process) -> bool {
        let device = &self.devices[process.device];
        device.run == process.run && device.engine.is_some()
    }

    fn happen(&mut self, happening: Happening) -> Step {
        if self.verbose {
            self.tell(&format!("{happening:?}"));
        }
        match happening {
            Happening::Handshake {
                process,
                socket,
                token,
            } => self.handshake(process, socket, &token),
            Happening::Opened { process, socket } => {
                self.socket_event(process, socket, SocketEvent::Opened)
            }
            Happening::Refused { process, socket } => {
                let failure = match self.rng.bool() {
                    true => SocketFailure::Unreachable("refused by the storm".to_owned()),
                    false => SocketFailure::Refused { status: 502 },
                };
                self.socket_event(process, socket, SocketEvent::Failed(failure))
            }
            Happening::ToServer { far, text } => {
                let now = self.server_now();
                let outgoing = self.backend.frame(far, &text, now);
                self.carry(outgoing);
                Ok(())
            }
            Happening::ToDevice {
                process,
                socket,
                text,
            } => {
                let event = match ServerFrame::from_text(&text) {
                    Ok(frame) => SocketEvent::Frame(frame),
                    Err(error) => SocketEvent::Unreadable(error.reason),
                };
                self.socket_event(process, socket, event)
            }
            Happening::EndAtDevice {
                process,
                socket,
                code,
            } => {
                let event = match code {
                    Some(code) => SocketEvent::Closed(CloseCode::from(code)),
                    None => SocketEvent::Failed(SocketFailure::Unreachable("cut".to_owned())),
                };
                self.socket_event(process, socket, event)
            }
            Happening::EndAtServer { far } => {
                self.backend.disconnect(far);
                Ok(())
            }
            Happening::Request {
                process,
                request,
                call,
                token,
            } => {
                self.serve(process, request, call, token.as_ref());
                Ok(())
            }
            Happening::Answer {
                process,
                request,
                call,
                answer,
            } => {
                if !self.is_alive(process) {
                    return Ok(());
                }
                let result = match answer {
                    Some((status, body)) => call
                        .read_answer(status, &body)
                        .map_err(RequestFailure::Answered),
                    None => Err(RequestFailure::Unreachable("lost by the storm".to_owned())),
                };
                self.turn(process.device, vec![Input::Answer { request, result }])
            }
            Happening::Act { device } => self.act(device),
            Happening::Start { device } => self.start(device),
            Happening::Online { process } => match self.is_alive(process) {
                true => self.turn(
                    process.device,
                    vec![Input::Network(NetworkState::Available)],
                ),
                false => Ok(()),
            },
            Happening::Weather => self.weather(),
            Happening::ServerTick => {
                let now = self.server_now();
                let outgoing = self.backend.tick(now);
                self.carry(outgoing);
                self.network.at(self.time + 1000, Happening::ServerTick);
                Ok(())
            }
        }
    }

    fn handshake(&mut self, process: Process, socket: SocketId, token: &Secret) -> Step {
        let at = self.delay();
        if self.chance(self.storm.refuse) {
            self.network.at(at, Happening::Refused { process, socket });
            return Ok(());
        }
        let now = self.server_now();
        let far = self.backend.connect(Some(token.expose()), now);
        if self.is_alive(process)
            && let Some(known) = self.devices[process.device].sockets.get_mut(&socket)
        {
            *known = Some(far);
            let opened = Happening::Opened { process, socket };
            self.network.in_order(at, far, Direction::Down, opened);
        } else {
            self.backend.disconnect(far);
        }
        Ok(())
    }

    fn socket_event(&mut self, process: Process, socket: SocketId, event: SocketEvent) -> Step {
        if !self.is_alive(process) {
            return Ok(());
        }
        if !matches!(event, SocketEvent::Opened | SocketEvent::Frame(_)) {
            self.devices[process.device].sockets.remove(&socket);
        }
        self.turn(process.device, vec![Input::Socket { socket, event }])
    }

    /// Frames on their way from the server to devices.
    fn carry(&mut self, outgoing: Vec<Outgoing>) {
        for item in outgoing {
            let (far, text, code) = match item {
                Outgoing::Frame { socket, frame } => (socket, Some(frame.to_text()), None),
                Outgoing::Close { socket, code } => (socket, None, Some(code.as_u16())),
            };
            let Some((process, socket)) = self.near_end(far) else {
                continue;
            };
            let at = self.delay();
            match text {
                Some(_) if self.chance(self.storm.swallow) => {}
                Some(_) if self.chance(self.storm.cut) => self.cut(process, socket, far),
                Some(text) => {
                    let happening = Happening::ToDevice {
                        process,
                        socket,
                        text,
                    };
                    self.network.in_order(at, far, Direction::Down, happening);
                }
                None => {
                    let happening = Happening::EndAtDevice {
                        process,
                        socket,
                        code,
                    };
                    self.network.in_order(at, far, Direction::Down, happening);
                }
            }
        }
    }

    fn near_end(&self, far: FarSocket) -> Option<(Process, SocketId)> {
        self.devices.iter().enumerate().find_map(|(index, device)| {
            let (socket, _) = device
                .sockets
                .iter()
                .find(|(_, known)| **known == Some(far))?;
            Some((self.process(index), *socket))
        })
    }

    /// A socket breaks; both ends learn of it, some time.
    fn cut(&mut self, process: Process, socket: SocketId, far: FarSocket) {
        self.network.drop_socket(far, process, socket);
        let (there, here) = (self.delay(), self.delay());
        self.network.at(there, Happening::EndAtServer { far });
        self.network.at(
            here,
            Happening::EndAtDevice {
                process,
                socket,
                code: None,
            },
        );
    }

    fn serve(
        &mut self,
        process: Process,
        request: fulmar_engine::RequestId,
        call: Box<ApiRequest>,
        token: Option<&Secret>,
    ) {
        let form = call.to_call();
        let (path, query) = form.target.split_once('?').unwrap_or((&form.target, ""));
        let http = HttpRequest {
            method: match form.method {
                HttpMethod::Get => "GET",
                HttpMethod::Post => "POST",
            },
            path,
            query,
            bearer: token.filter(|_| form.authorized).map(Secret::expose),
            body: form.body.as_deref().unwrap_or_default().as_bytes(),
        };
        let now = self.server_now();
        let (response, outgoing) = self.backend.http(&http, now);
        self.carry(outgoing);
        let at = self.delay();
        let answer = match self.chance(self.storm.lose) {
            true => None,
            false => Some((response.status, response.body.into_bytes())),
        };
        self.network.at(
            at,
            Happening::Answer {
                process,
                request,
                call,
                answer,
            },
        );
    }

    /// One turn of one engine, and what comes of it; in a storm perhaps only a part of that.
    fn turn(&mut self, index: DeviceIndex, batch: Vec<Input>) -> Step {
        let entropy = self.rng.u64(..);
        let powerless = self.storm.power > 0;
        let device = &mut self.devices[index];
        let now = device.now(self.time, entropy);
        let Some(engine) = &mut device.engine else {
            return Ok(());
        };
        let durable = Engine::durability(&batch) == Durability::Full;
        self.turns += 1;
        let released = match engine.handle(batch, now) {
            Ok(released) => released,
            Err(failed) => return Err(failed.to_string()),
        };
        if powerless && durable {
            device.image = Some(engine.image().map_err(|error| error.to_string())?);
        }
        let effects: Vec<Effect> = released.into_iter().collect();
        self.effects(index, effects)
    }

    fn effects(&mut self, index: DeviceIndex, effects: Vec<Effect>) -> Step {
        for effect in &effects {
            (self.time, index, format!("{effect:?}")).hash(&mut self.hasher);
        }
        let crash = self.stormy && self.chance(self.storm.crash);
        let done = match crash {
            true => self.rng.usize(0..=effects.len()),
            false => effects.len(),
        };
        for effect in effects.into_iter().take(done) {
            self.carry_out(index, effect)?;
        }
        if crash {
            self.crash(index)?;
        } else if self.rng.u32(0..10) == 0 {
            self.look(index)?;
        }
        Ok(())
    }

    fn look(&mut self, index: DeviceIndex) -> Step {
        let device = &mut self.devices[index];
        device
            .look()
            .map_err(|what| format!("on the screen of {}: {what}", device.name))
    }

    fn carry_out(&mut self, index: DeviceIndex, effect: Effect) -> Step {
        if self.verbose {
            self.tell(&format!("  {}: {effect:?}", self.devices[index].name));
        }
        let process = self.process(index);
        let at = self.delay();
        match effect {
            Effect::OpenSocket {
                socket,
                access_token,
            } => {
                self.devices[index].sockets.insert(socket, None);
                self.network.at(
                    at,
                    Happening::Handshake {
                        process,
                        socket,
                        token: access_token,
                    },
                );
            }
            Effect::SendFrame { socket, frame } => {
                let Some(Some(far)) = self.devices[index].sockets.get(&socket).copied() else {
                    return Ok(());
                };
                if self.chance(self.storm.swallow) {
                    return Ok(());
                }
                if self.chance(self.storm.cut) {
                    self.cut(process, socket, far);
                    return Ok(());
                }
                let text = frame.to_text();
                if self.chance(self.storm.repeat)
                    && matches!(frame, fulmar_protocol::ClientFrame::Submit(_))
                {
                    let text = text.clone();
                    let again = Happening::ToServer { far, text };
                    self.network.in_order(at, far, Direction::Up, again);
                }
                let happening = Happening::ToServer { far, text };
                self.network.in_order(at, far, Direction::Up, happening);
            }
            Effect::CloseSocket { socket } => {
                if let Some(Some(far)) = self.devices[index].sockets.remove(&socket) {
                    let end = Happening::EndAtServer { far };
                    self.network.in_order(at, far, Direction::Up, end);
                }
            }
            Effect::Request {
                request,
                call,
                access_token,
            } => self.ask(process, request, Box::new(call), access_token),
            Effect::Reply { command, reply } => self.replied(index, command, reply),
            Effect::Session(state) => self.devices[index].session = state,
            Effect::Connection(_) | Effect::Changed(_) => {}
        }
        Ok(())
    }

    fn ask(
        &mut self,
        process: Process,
        request: fulmar_engine::RequestId,
        call: Box<ApiRequest>,
        token: Option<Secret>,
    ) {
        let at = self.delay();
        let answer = if self.chance(self.storm.lose) {
            None
        } else if self.chance(self.storm.portal) {
            let page = b"<html>Welcome to the train</html>".to_vec();
            Some(([200, 302, 502, 520][self.rng.usize(0..4)], page))
        } else {
            if self.chance(self.storm.repeat) {
                let again = Happening::Request {
                    // Nobody hears the answer to a repetition.
                    process: Process { run: 0, ..process },
                    request,
                    call: call.clone(),
                    token: token.clone(),
                };
                let late = at + self.rng.u64(0..5_000);
                self.network.at(late, again);
            }
            let happening = Happening::Request {
                process,
                request,
                call,
                token,
            };
            self.network.at(at, happening);
            return;
        };
        self.network.at(
            at,
            Happening::Answer {
                process,
                request,
                call,
                answer,
            },
        );
    }

    fn replied(
        &mut self,
        index: DeviceIndex,
        command: fulmar_engine::CommandId,
        reply: Result<Reply, fulmar_engine::CommandError>,
    ) {
        let device = &mut self.devices[index];
        match (device.waiting.remove(&command), reply) {
            (Some(Waiting::SignIn), _) => device.signing_in = false,
            (Some(Waiting::Sent { key, text }), Ok(_)) => device.promise(key, text),
            // Not promised, so it may be anywhere or nowhere; and the rest promises nothing.
            _ => {}
        }
    }

    fn crash(&mut self, index: DeviceIndex) -> Step {
        self.crashes += 1;
        let power = self.chance(self.storm.power);
        let reverse = self.storm.reverse_rows;
        let device = &mut self.devices[index];
        let Some(engine) = device.engine.take() else {
            return Ok(());
        };
        let disk = engine.into_store().into_connection();
        device.disk = Some(match (&device.image, power) {
            (Some(image), true) => {
                let mut disk = new_disk(reverse);
                disk.deserialize_read_exact("main", image.as_slice(), image.len(), false)
                    .map_err(|error| error.to_string())?;
                disk
            }
            _ => disk,
        });
        device.waiting.clear();
        device.signing_in = false;
        device.session = SessionState::SignedOut;
        let sockets = std::mem::take(&mut device.sockets);
        for far in sockets.into_values().flatten() {
            let at = self.delay();
            self.network.at(at, Happening::EndAtServer { far });
        }
        let at = self.time + self.rng.u64(0..8_000);
        self.network.at(at, Happening::Start { device: index });
        Ok(())
    }

    fn start(&mut self, index: DeviceIndex) -> Step {
        let entropy = self.rng.u64(..);
        let device = &mut self.devices[index];
        let now = device.now(self.time, entropy);
        let Some(released) = device.start(&self.config, now)? else {
            return Ok(());
        };
        let effects: Vec<Effect> = released.into_iter().collect();
        self.effects(index, effects)?;
        // Opening commits durably.
        let device = &mut self.devices[index];
        if let Some(engine) = &mut device.engine
            && self.storm.power > 0
        {
            device.image = Some(engine.image().map_err(|error| error.to_string())?);
        }
        self.sign_in(index)
    }

    fn sign_in(&mut self, index: DeviceIndex) -> Step {
        let device = &mut self.devices[index];
        let signed_in = matches!(device.session, SessionState::SignedIn { .. });
        if device.engine.is_none() || device.signing_in || signed_in {
            return Ok(());
        }
        device.signing_in = true;
        let command = device.command(Waiting::SignIn);
        let body = Command::SignIn {
            user_id: device.user.clone(),
            password: Secret::new(format!("{}-password", device.user)),
        };
        self.turn(index, vec![Input::Command { command, body }])
    }

    /// What a person does with an app: write, read, create, and sometimes nothing.
    fn act(&mut self, index: DeviceIndex) -> Step {
        self.sign_in(index)?;
        let (key, other) = (self.operation_key(), self.rng.usize(0..PEOPLE.len()));
        let device = &mut self.devices[index];
        if device.engine.is_none() {
            return Ok(());
        }
        let list = device.list()?;
        let body = if !device.created || list.is_empty() {
            device.created = true;
            let command = device.command(Waiting::Other);
            // The first device makes the group; everyone makes direct conversations, also at once.
            let conversation = match index {
                0 => NewConversation::Group {
                    title: "All".to_owned(),
                    participants: PEOPLE.iter().skip(1).map(|name| user(name)).collect(),
                },
                _ if PEOPLE[other] == device.user.as_str() => return Ok(()),
                _ => NewConversation::Direct {
                    with: user(PEOPLE[other]),
                },
            };
            let body = Command::Create {
                operation_key: key,
                conversation,
            };
            Input::Command { command, body }
        } else {
            let chosen = &list[self.rng.usize(0..list.len())];
            let reads = self.rng.u32(0..3) == 0;
            let (waiting, body) = match reads {
                true => (
                    Waiting::Other,
                    Command::MarkRead {
                        operation_key: key,
                        conversation: chosen.id.clone(),
                        up_to: Position(self.rng.u64(0..=chosen.last_position.0)),
                    },
                ),
                false => {
                    device.written += 1;
                    let text = format!("{}/{}", device.name, device.written);
                    let body = Command::Send {
                        operation_key: key,
                        conversation: chosen.id.clone(),
                        text: text.clone(),
                    };
                    (Waiting::Sent { key, text }, body)
                }
            };
            let command = device.command(waiting);
            Input::Command { command, body }
        };
        self.turn(index, vec![body])
    }

    fn operation_key(&mut self) -> OperationKey {
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        OperationKey::from_parts(self.server_now(), random)
    }

    /// Once a second: what happens to everyone, whatever they do.
    fn weather(&mut self) -> Step {
        if !self.stormy {
            return Ok(());
        }
        let index = self.rng.usize(0..self.devices.len());
        if self.chance(self.storm.offline) {
            let process = self.process(index);
            self.turn(index, vec![Input::Network(NetworkState::Unavailable)])?;
            let at = self.time + self.rng.u64(0..10_000);
            self.network.at(at, Happening::Online { process });
        }
        if self.chance(self.storm.offline) {
            let app = match self.rng.bool() {
                true => AppState::Background,
                false => AppState::Foreground,
            };
            self.turn(index, vec![Input::App(app)])?;
        }
        if self.chance(self.storm.clock) {
            self.devices[index].clock_skew = self.rng.i64(-7_200_000..7_200_000);
        }
        let now = self.server_now();
        let user = self.devices[index].user.clone();
        if self.chance(self.storm.cut_log) {
            self.backend.cut_log(&user, now);
        }
        if self.chance(self.storm.revoke) {
            let outgoing = self.backend.revoke_sessions(&user, now);
            self.carry(outgoing);
        }
        if self.chance(self.storm.restart) {
            let outgoing = self.backend.close_all();
            self.carry(outgoing);
        }
        for index in 0..self.devices.len() {
            self.sign_in(index)?;
        }
        Ok(())
    }

    fn converged(&mut self) -> Result<bool, String> {
        for index in 0..self.devices.len() {
            self.sign_in(index)?;
        }
        Ok(self.what_is_left()?.is_empty())
    }

    /// Which devices still have something to do, and what.
    fn what_is_left(&self) -> Result<String, String> {
        let mut left = String::new();
        for device in &self.devices {
            let Some(engine) = &device.engine else {
                left += &format!("{} is dead; ", device.name);
                continue;
            };
            let status = engine.status().map_err(|error| error.to_string())?;
            if !status.is_settled() {
                left += &format!("{}: {status:?}; ", device.name);
            }
        }
        Ok(left)
    }

    fn judge(&mut self) -> Result<usize, String> {
        for index in 0..self.devices.len() {
            self.look(index)?;
        }
        let now = self.server_now();
        let users: Vec<UserId> = PEOPLE.iter().map(|name| user(name)).collect();
        let truth = Truth::read(&mut self.backend, &users, now)?;
        truth.judge_server(&self.devices)?;
        for device in &self.devices {
            truth
                .judge_device(device)
                .map_err(|what| format!("{}: {what}", device.name))?;
        }
        Ok(self
            .devices
            .iter()
            .map(|device| device.promised.len())
            .sum())
    }

    #[allow(clippy::print_stdout)]
    fn tell(&self, what: &str) {
        println!("{:>9} {what}", self.time);
    }
}

fn user(name: &str) -> UserId {
    match UserId::new(name) {
        Ok(user) => user,
        Err(error) => unreachable!("the names are fixed: {error}"),
    }
}

fn new_disk(reverse_rows: bool) -> Connection {
    let disk = match Connection::open_in_memory() {
        Ok(disk) => disk,
        Err(error) => unreachable!("a database in memory can be opened: {error}"),
    };
    // Finds a missing ORDER BY.
    let _ = disk.pragma_update(None, "reverse_unordered_selects", reverse_rows);
    disk
}
