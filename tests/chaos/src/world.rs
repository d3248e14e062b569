//! One world: a server and the devices of its people, a storm, and what must be so afterwards.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clocks::Clock;
use crate::convergence::{Wanted, converge, settle, sign_in_and_converge};
use crate::device::Device;
use crate::disks::{Disk, Kind};
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::oracle::{Record, Truth};
use crate::processes::{Program, Server};
use crate::proxy::Link;
use crate::settings::{self, EMOJI, PEOPLE, TITLES};
use crate::storm;
use crate::trouble::{Outcome, Trouble, machine};

/// So many devices each person has.
const DEVICES: usize = 2;
/// Languages whose processes see a clock that is not true. The threads of a JVM hang under libfaketime.
const WITH_CLOCKS: [&str; 2] = ["rust", "swift"];

/// What all worlds have in common.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) server: PathBuf,
    pub(crate) programs: Vec<Program>,
    pub(crate) disks: Vec<Kind>,
    /// The library that tells processes wrong times.
    pub(crate) faketime: Option<PathBuf>,
    pub(crate) figures: Figures,
}

struct World {
    server: Server,
    /// Where the database is.
    disk: Disk,
    devices: Vec<Device>,
    figures: Figures,
}

/// Runs one in a folder. Says what it was like.
pub(crate) async fn run(
    ground: &Ground,
    seed: u64,
    storm: Duration,
    folder: &Path,
) -> Outcome<String> {
    let mut rng = Rng::with_seed(seed);
    let (scenario, about) = settings::draw(&mut rng);
    let mut world = World::new(ground, &scenario, &mut rng, folder).await?;
    let ran = world.run(ground, &mut rng, storm, folder).await;
    if ran.is_err() {
        world.keep();
    }
    let after = ran?;
    ground.figures.converged(after);
    let sent = world.devices.iter().map(|device| device.ledger.sent.len());
    let sent: usize = sent.sum();
    let languages: Vec<String> = world
        .devices
        .iter()
        .map(|device| device.languages.len().to_string())
        .collect();
    Ok(format!(
        "{sent} messages, {} processes of clients, converged after {:.1} s; {about}",
        languages.join("+"),
        after.as_secs_f64()
    ))
}

impl World {
    async fn new(ground: &Ground, scenario: &str, rng: &mut Rng, folder: &Path) -> Outcome<Self> {
        let logs = folder.join("logs");
        std::fs::create_dir_all(&logs).map_err(machine)?;
        let file = folder.join("world.toml");
        std::fs::write(&file, scenario).map_err(machine)?;
        let disk = Disk::draw(&folder.join("server"), &ground.disks, |_| true, rng)?;
        let mut server = Server::new(
            &ground.server,
            free_port()?,
            file,
            disk.folder.join("server.db"),
            logs.join("server.log"),
        );
        server.start().await?;
        let mut world = Self {
            server,
            disk,
            devices: Vec::new(),
            figures: ground.figures.clone(),
        };
        for number in 0..PEOPLE.len() * DEVICES {
            let user = PEOPLE[number / DEVICES];
            let name = format!("{user}-{number}");
            let mut device = world.device(ground, user, name, rng, folder).await?;
            device.emoji = EMOJI[number % EMOJI.len()];
            device.open(rng).await?;
            device.sign_in().await?;
            for title in TITLES {
                device.find(title).await?;
            }
            world.devices.push(device);
        }
        Ok(world)
    }

    /// A device that was never switched on.
    async fn device(
        &self,
        ground: &Ground,
        user: &'static str,
        name: String,
        rng: &mut Rng,
        folder: &Path,
    ) -> Outcome<Device> {
        let has_clock = rng.u8(..3) > 0 && ground.programs.iter().any(has_clock);
        let library = ground.faketime.as_deref().filter(|_| has_clock);
        let clock = Clock::new(library, folder.join(format!("{name}.clock")))?;
        let programs = ground.programs.iter();
        let programs = programs.filter(|program| library.is_none() || self::has_clock(program));
        Ok(Device {
            link: Arc::new(
                Link::open(self.server.address, ground.figures.clone())
                    .await
                    .map_err(machine)?,
            ),
            disk: Disk::draw(&folder.join(&name), &ground.disks, Kind::takes_stores, rng)?,
            clock,
            programs: programs.cloned().collect(),
            errors: folder.join("logs").join(format!("{name}.log")),
            figures: ground.figures.clone(),
            driver: None,
            emoji: EMOJI[0],
            chats: BTreeMap::new(),
            shown: BTreeMap::new(),
            ledger: Ledger::default(),
            number: 0,
            languages: Vec::new(),
            name,
            user,
        })
    }

    /// How long it took until all was well after the storm.
    async fn run(
        &mut self,
        ground: &Ground,
        rng: &mut Rng,
        storm: Duration,
        folder: &Path,
    ) -> Outcome<Duration> {
        self.weather_the_storm(rng, Instant::now() + storm).await?;
        let begin = Instant::now();
        self.server.start_again().await?;
        let mut next = rng.fork();
        self.each(move |mut device| {
            let mut rng = next.fork();
            async move {
                let settled = settle(&mut device, &mut rng).await;
                (device, settled)
            }
        })
        .await?;
        let truth = Truth::read(&self.server.url(), &PEOPLE).await?;
        let records: Vec<Record<'_>> = self.devices.iter().map(Device::record).collect();
        truth.judge(&records)?;
        let wanted = Arc::new(Wanted::new(self.server.url(), &truth, &records, rng));
        let of_old = Arc::clone(&wanted);
        self.each(move |mut device| {
            let wanted = Arc::clone(&of_old);
            async move {
                let converged = converge(&mut device, &wanted).await;
                (device, converged)
            }
        })
        .await?;
        let after = begin.elapsed();
        self.sign_in_elsewhere(ground, rng, folder, wanted).await?;
        Ok(after)
    }

    /// A device that is new shows what the old ones do.
    async fn sign_in_elsewhere(
        &mut self,
        ground: &Ground,
        rng: &mut Rng,
        folder: &Path,
        wanted: Arc<Wanted>,
    ) -> Outcome {
        let mut fresh = Vec::new();
        for user in PEOPLE {
            let name = format!("{user}-new");
            fresh.push(self.device(ground, user, name, rng, folder).await?);
        }
        let mut next = rng.fork();
        let signed_in = each(&mut fresh, move |mut device| {
            let wanted = Arc::clone(&wanted);
            let mut rng = next.fork();
            async move {
                let converged = sign_in_and_converge(&mut device, &wanted, &mut rng).await;
                (device, converged)
            }
        });
        signed_in.await
    }

    async fn weather_the_storm(&mut self, rng: &mut Rng, end: Instant) -> Outcome {
        let mut links = JoinSet::new();
        for device in &self.devices {
            links.spawn(storm::link(Arc::clone(&device.link), rng.fork(), end));
        }
        let (mut lives, mut of_server) = (rng.fork(), rng.fork());
        let (server, disk) = (&mut self.server, &mut self.disk);
        let figures = self.figures.clone();
        let serving = storm::server(server, disk, &mut of_server, end, &figures);
        let living = each(&mut self.devices, |mut device| {
            let mut rng = lives.fork();
            async move {
                let lived = storm::device(&mut device, &mut rng, end).await;
                (device, lived)
            }
        });
        // What fails first ends the world.
        tokio::try_join!(serving, living)?;
        while links.join_next().await.is_some() {}
        Ok(())
    }

    /// Lets all devices do something at once.
    async fn each<F>(&mut self, work: impl FnMut(Device) -> F) -> Outcome
    where
        F: Future<Output = (Device, Outcome)> + Send + 'static,
    {
        each(&mut self.devices, work).await
    }

    /// What was on the disks, for who looks into a failure.
    fn keep(&self) {
        self.disk.keep();
        for device in &self.devices {
            device.disk.keep();
        }
    }
}

async fn each<F>(devices: &mut Vec<Device>, mut work: impl FnMut(Device) -> F) -> Outcome
where
    F: Future<Output = (Device, Outcome)> + Send + 'static,
{
    let mut working = JoinSet::new();
    for device in devices.drain(..) {
        working.spawn(work(device));
    }
    let mut outcome = Ok(());
    while let Some(done) = working.join_next().await {
        let (device, done) = done.map_err(machine)?;
        devices.push(device);
        outcome = outcome.and(done);
    }
    devices.sort_by(|one, other| one.name.cmp(&other.name));
    outcome
}

fn has_clock(program: &Program) -> bool {
    WITH_CLOCKS.contains(&program.language.as_str())
}

/// A port that is free now, and stays the server's across its restarts.
fn free_port() -> Outcome<SocketAddr> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Trouble::Machine(format!("no port: {error}")))
}
