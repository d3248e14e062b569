//! What happens to everybody while they work: the lives of a device, of a link and of the server, each from a seed of
//! its own, until the storm is over. In the end of its life everything is well again.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, sleep, timeout_at};

use crate::device::Device;
use crate::disks::Disk;
use crate::figures::Figures;
use crate::processes::Server;
use crate::proxy::{Link, Weather};
use crate::trouble::{Outcome, Trouble};

/// People use their devices, which are killed, stopped, filled, and told wrong times.
pub(crate) async fn device(device: &mut Device, rng: &mut Rng, end: Instant) -> Outcome {
    while Instant::now() < end {
        // The disk was full when it was to be opened.
        if device.driver.is_none() && !reopen(device, rng).await? {
            free(device, rng).await?;
            continue;
        }
        match rng.u8(..32) {
            0 => {
                device.figures.fault("kills of clients");
                device.kill().await?;
                rest(rng, 1000).await;
            }
            1 | 2 => {
                device.figures.fault("kills of clients while they work");
                device.act_and_die(rng).await?;
            }
            3 => {
                device.figures.fault("stops of clients");
                device
                    .stop_for(Duration::from_millis(rng.u64(..5000)))
                    .await?;
            }
            4 => {
                device.hint_of_network("unavailable").await?;
            }
            5 => device.hint_of_network("available").await?,
            6 if device.disk.is_full => free(device, rng).await?,
            6 => {
                let room = [0, 4096, 65_536][rng.usize(..3)];
                if device.disk.fill(room)? {
                    device.figures.fault("disks of clients filled");
                }
            }
            7 => {
                if device.clock.jump(rng)? {
                    device.figures.fault("clocks of clients set");
                }
            }
            _ => device.act(rng).await?,
        }
        rest(rng, 400).await;
    }
    device.disk.free()
}

/// Whether it is open now. On a full disk it may stay closed.
async fn reopen(device: &mut Device, rng: &mut Rng) -> Outcome<bool> {
    // As often as not it comes back at another time.
    if rng.bool() && device.clock.jump(rng)? {
        device.figures.fault("clocks of clients set");
    }
    match device.open(rng).await {
        Ok(()) => device.looks_as_before().await.map(|()| true),
        Err(trouble @ Trouble::Refused(_)) if device.disk.is_full => {
            device.log(&trouble);
            Ok(false)
        }
        Err(trouble) => Err(trouble),
    }
}

async fn free(device: &mut Device, rng: &mut Rng) -> Outcome {
    rest(rng, 1000).await;
    device.disk.free()
}

/// The weather changes, and is fair about half of the time.
pub(crate) async fn link(link: Arc<Link>, mut rng: Rng, end: Instant) {
    while Instant::now() < end {
        let weather = if rng.bool() {
            Weather::Fair
        } else {
            Weather::draw(&mut rng)
        };
        link.set(weather);
        if rng.u8(..4) == 0 {
            link.cut();
        }
        let change = sleep(Duration::from_millis(rng.u64(100..6000)));
        // The end of the storm comes first, or the change.
        let _ = timeout_at(end, change).await;
    }
    link.set(Weather::Fair);
}

/// The server is killed, stopped, asked to end, and its disk is full.
pub(crate) async fn server(
    server: &mut Server,
    disk: &mut Disk,
    rng: &mut Rng,
    end: Instant,
    figures: &Figures,
) -> Outcome {
    while Instant::now() < end {
        let change = sleep(Duration::from_millis(rng.u64(1000..10_000)));
        if timeout_at(end, change).await.is_err() {
            break;
        }
        if server.has_ended() {
            return Err(Trouble::Ended("the server".to_owned()));
        }
        match rng.u8(..8) {
            0..=2 => {
                figures.fault("kills of the server");
                server.kill().await?;
                rest(rng, 2000).await;
                server.start().await?;
            }
            3 => {
                figures.fault("ends of the server");
                server.end().await?;
                rest(rng, 2000).await;
                server.start().await?;
            }
            4 | 5 => {
                figures.fault("stops of the server");
                server.stop()?;
                rest(rng, 5000).await;
                server.go_on()?;
            }
            _ => full(server, disk, rng, figures).await?,
        }
    }
    disk.free()
}

/// The disk of the server is full for a while; it may be killed meanwhile, and begins again with room.
async fn full(server: &mut Server, disk: &mut Disk, rng: &mut Rng, figures: &Figures) -> Outcome {
    if !disk.fill([0, 4096, 65_536][rng.usize(..3)])? {
        return Ok(());
    }
    figures.fault("disks of the server filled");
    rest(rng, 4000).await;
    if rng.bool() {
        figures.fault("kills of the server");
        server.kill().await?;
    }
    disk.free()?;
    if server.has_ended() {
        if disk.kind.takes_stores() {
            return Err(Trouble::Ended("the server, on a full disk".to_owned()));
        }
        figures.fault("ends of the server that its disk brought");
        server.kill().await?;
    }
    server.start_again().await
}

async fn rest(rng: &mut Rng, longest_ms: u64) {
    sleep(Duration::from_millis(rng.u64(..longest_ms))).await;
}
