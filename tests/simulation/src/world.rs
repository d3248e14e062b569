//! One world: its people, its weather, its time.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher as _};

use fastrand::Rng;
use fulmar_backend::{Backend, Checkpoint};
use fulmar_engine::{AppState, Engine, Input, NetworkState};
use fulmar_protocol::{PushPayload, Secret, Timestamp, UserId};

use crate::clocks::Clock;
use crate::convergence::PATIENCE;
use crate::deployment::Deployment;
use crate::device::Device;
use crate::network::{DeviceIndex, Network, Process, ScheduledEvent};
use crate::outage::Outage;
use crate::outcome::{Failure, Outcome};
use crate::population::{ORACLE, Population, name_of, password, user};
use crate::reduction::Reduction;
use crate::replica::Replica;
use crate::storage::Storage;
use crate::storm::{Fault, Storm};
use crate::streams::{Stream, rng};

/// When every world begins, in milliseconds since 1970.
pub(crate) const EPOCH: i64 = 1_790_000_000_000;
/// How long a converged world may take to be so again at the end of that.
const AGAIN: u64 = 60 * 1000;
/// A world that takes more steps than this runs in circles.
const MOST_STEPS: u64 = 400_000;

/// A world.
#[allow(missing_debug_implementations)]
pub struct World {
    pub(crate) seed: u64,
    reduction: Reduction,
    pub(crate) population: Population,
    pub(crate) rng: Rng,
    /// When people act, by number.
    acting: Vec<(DeviceIndex, u64)>,
    pub(crate) storm: Storm,
    pub(crate) stormy: bool,
    /// What everyone gets instead of the server, and until when.
    pub(crate) outage: Option<(Outage, u64)>,
    pub(crate) time: u64,
    pub(crate) backend: Backend,
    /// Earlier states of the server, the oldest first.
    pub(crate) backups: Vec<Checkpoint>,
    /// What answers requests that only read.
    pub(crate) replica: Option<Replica>,
    /// Pushes that a server of before it was restored had sent.
    pub(crate) old_pushes: Vec<PushPayload>,
    /// Who is no user of the server any more.
    pub(crate) deleted: BTreeSet<UserId>,
    server_clock: Clock,
    pub(crate) devices: Vec<Device>,
    pub(crate) network: Network,
    pub(crate) deployment: Deployment,
    pub(crate) hasher: DefaultHasher,
    pub(crate) transactions: u64,
    pub(crate) crashes: u64,
    /// The names of the methods that were submitted over a socket.
    pub(crate) methods: BTreeSet<String>,
    /// How often each kind of fault faults.
    faults: BTreeMap<Fault, u64>,
    /// The device that was last seen to have something left to do.
    pub(crate) busy: DeviceIndex,
    /// When failed messages were last given up.
    pub(crate) tidied: u64,
    pub(crate) verbose: bool,
}

pub(crate) type Step = Result<(), String>;

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        Self::reduced(seed, &Reduction::default())
    }

    /// The world of a seed with some of it left out.
    pub fn reduced(seed: u64, reduction: &Reduction) -> Self {
        let mut nature = rng(seed, Stream::World);
        let mut storm = Storm::of(&mut nature);
        let population = Population::of(&mut nature);
        let mut deployment = Deployment::of(&mut nature);
        if reduction.usual {
            deployment = Deployment::usual();
        }
        for fault in &reduction.calm {
            storm.without(*fault);
        }
        let mut bytes = [0; 32];
        nature.fill(&mut bytes);
        let mut backend = match Backend::in_memory(deployment.server.clone(), bytes) {
            Ok(backend) => backend,
            Err(error) => unreachable!("a database in memory can be opened: {error}"),
        };
        let mut devices = Vec::new();
        for (user, their_devices) in &population.people {
            add_user(&mut backend, user);
            for number in 1..=*their_devices {
                let storage = Storage::of(seed, devices.len(), storm.reverse_rows);
                let mut device = Device::new(&format!("{user}.{number}"), user.clone(), storage);
                device.lacks = deployment.lacks_of_messages();
                device.has_provider = nature.u32(0..4) == 0;
                device.clock = Clock::of(&mut nature, &storm);
                devices.push(device);
            }
        }
        add_user(&mut backend, &user(ORACLE));
        let server_clock = Clock::of(&mut nature, &storm);
        let mut acting = Vec::new();
        for device in 0..devices.len() {
            for _ in 0..population.acts {
                acting.push((device, nature.u64(0..storm.duration)));
            }
        }
        Self {
            seed,
            reduction: reduction.clone(),
            population,
            rng: rng(seed, Stream::Network(reduction.luck)),
            acting,
            storm,
            stormy: true,
            outage: None,
            time: 0,
            backend,
            backups: Vec::new(),
            replica: None,
            old_pushes: Vec::new(),
            deleted: BTreeSet::new(),
            server_clock,
            devices,
            network: Network::default(),
            deployment,
            hasher: DefaultHasher::new(),
            transactions: 0,
            crashes: 0,
            methods: BTreeSet::new(),
            faults: BTreeMap::new(),
            busy: 0,
            tidied: 0,
            verbose: false,
        }
    }

    /// When each act is, done or left out, in virtual milliseconds.
    #[must_use]
    pub fn times_of_acts(&self) -> Vec<u64> {
        self.acting.iter().map(|(_, at)| *at).collect()
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
                transactions: self.transactions,
                messages,
                crashes: self.crashes,
                methods: self.methods,
                faults: self.faults,
            }),
            Err(what) => Err(Failure {
                seed: self.seed,
                at: self.time,
                what,
            }),
        }
    }

    pub(crate) fn live(&mut self) -> Result<usize, String> {
        for device in 0..self.devices.len() {
            self.network.at(0, ScheduledEvent::Start { device });
        }
        for (number, (device, at)) in (0..).zip(self.acting.clone()) {
            if self.reduction.keeps(number) {
                self.network.at(at, ScheduledEvent::Act { device, number });
            }
        }
        for second in 0..self.storm.duration / 1000 {
            self.network.at(second * 1000, ScheduledEvent::Weather);
        }
        self.network.at(1000, ScheduledEvent::ServerTick);
        while self.time < self.storm.duration {
            self.step()?;
        }
        self.clear_up()?;
        while self.is_any_suspended() {
            self.step()?;
        }
        let deadline = self.time + self.patience()?;
        while !self.converged()? {
            if self.time > deadline {
                return Err(format!("no convergence: {}", self.what_is_left()?));
            }
            self.step()?;
        }
        // What is still under way arrives, and a heartbeat shows what was silently lost.
        let quiet = self.deployment.quiet().as_millis();
        let quiet = self
            .time
            .saturating_add(u64::try_from(quiet).unwrap_or(u64::MAX));
        while self.time < quiet {
            self.step()?;
        }
        // A token may run out, or a late refusal arrive, just now: that passes.
        let again = self.time + AGAIN;
        while !self.converged()? {
            if self.time > again {
                return Err(format!(
                    "it did not stay converged: {}",
                    self.what_is_left()?
                ));
            }
            self.step()?;
        }
        let deadline = self.time + PATIENCE;
        while !self.is_clean() {
            if self.time > deadline {
                return Err("a device does not clean away what is gone".to_owned());
            }
            self.step()?;
        }
        self.judge()
    }

    /// The weather clears: nothing is lost any more, and everyone is online.
    pub(crate) fn clear_up(&mut self) -> Step {
        self.storm = self.storm.clear();
        self.stormy = false;
        for device in 0..self.devices.len() {
            self.devices[device].storage.relieve();
            self.start(device)?;
            self.handle(device, vec![Input::Network(NetworkState::Available)])?;
            self.handle(device, vec![Input::App(AppState::Foreground)])?;
        }
        Ok(())
    }

    pub(crate) fn step(&mut self) -> Step {
        if self.transactions > MOST_STEPS {
            return Err("it runs in circles".to_owned());
        }
        let deadline = self
            .devices
            .iter()
            .enumerate()
            .filter_map(|(index, device)| {
                let deadline = device.engine.as_ref().and_then(Engine::next_timeout)?;
                Some((deadline.at.0, index))
            })
            .min();
        match (self.network.next_time(), deadline) {
            (Some(time), Some((due, device))) if due < time => {
                self.time = self.time.max(due);
                self.handle(device, Vec::new())
            }
            (Some(time), _) => {
                self.time = self.time.max(time);
                match self.network.pop() {
                    Some(event) => self.handle_event(event),
                    None => Ok(()),
                }
            }
            (None, Some((due, device))) => {
                self.time = self.time.max(due);
                self.handle(device, Vec::new())
            }
            (None, None) => Err("nothing will ever happen again".to_owned()),
        }
    }

    /// Whether a kind of fault happens now.
    pub(crate) fn happens(&mut self, fault: Fault) -> bool {
        let happens = self.rng.u32(0..1000) < self.storm.level(fault);
        if happens {
            self.note(fault);
        }
        happens
    }

    /// A kind of fault happened as a part of another.
    pub(crate) fn note(&mut self, fault: Fault) {
        if self.verbose {
            self.tell(&format!("    fault: {}", fault.name()));
        }
        *self.faults.entry(fault).or_default() += 1;
    }

    /// Does something with a stream of randomness of its own.
    pub(crate) fn with_stream(
        &mut self,
        stream: Stream,
        done: impl FnOnce(&mut Self) -> Step,
    ) -> Step {
        let network = std::mem::replace(&mut self.rng, rng(self.seed, stream));
        let step = done(self);
        self.rng = network;
        step
    }

    /// When what is sent now arrives.
    pub(crate) fn delay(&mut self) -> u64 {
        let takes = self.rng.u64(1..=self.storm.latency);
        let factor = match self.happens(Fault::Late) {
            true => self.rng.u64(1..=100),
            false => 1,
        };
        self.time + takes * factor
    }

    pub(crate) fn server_now(&self) -> Timestamp {
        Timestamp(EPOCH + self.server_clock.shows(self.time))
    }

    pub(crate) fn process(&self, device: DeviceIndex) -> Process {
        Process {
            device,
            run: self.devices[device].run,
        }
    }

    pub(crate) fn is_alive(&self, process: Process) -> bool {
        let device = &self.devices[process.device];
        let lives = device.engine.is_some() || device.suspended.is_some();
        device.run == process.run && lives
    }

    #[allow(clippy::print_stdout)]
    pub(crate) fn tell(&self, what: &str) {
        println!("{:>9} {what}", self.time);
    }
}

fn add_user(backend: &mut Backend, user: &UserId) {
    let password = Secret::new(password(user));
    // The names are fixed and differ.
    let _ = backend.add_user(user, &name_of(user), &password, Timestamp(EPOCH));
}
