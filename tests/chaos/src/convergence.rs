//! After the storm: everything goes out, and each device comes to show what the server has. It waits as long as a device
//! may rest, and no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::acts::word;
use crate::device::Device;
use crate::oracle::{self, Account, Reader, Record, Truth};
use crate::trouble::{Outcome, Trouble};

/// Receipts go on for a while, and devices may rest for a minute from their connections and for another from their
/// refreshes (PROTOCOL.md §3.9).
const LONGEST: Duration = Duration::from_secs(150);
/// What is new is found a little later, on a machine that is busy too.
const LONGEST_INDEX: Duration = Duration::from_secs(20);
/// One looks again after this.
const AGAIN: Duration = Duration::from_millis(300);
/// So many messages of each device are searched for.
const SEARCHES: usize = 3;

/// What each device has to show.
#[derive(Debug)]
pub(crate) struct Wanted {
    url: String,
    /// The conversations that a user may have been removed from.
    removed: BTreeMap<&'static str, BTreeSet<String>>,
    /// Words, and the keys of what they find, if anything.
    words: BTreeMap<&'static str, Vec<(String, Option<String>)>>,
}

impl Wanted {
    pub(crate) fn new(url: String, truth: &Truth, devices: &[Record<'_>], rng: &mut Rng) -> Self {
        let (mut removed, mut words) = (BTreeMap::new(), BTreeMap::new());
        for (user, account) in &truth.0 {
            removed.insert(*user, oracle::removed(devices, user));
            let of_devices = devices.iter().flat_map(|one| draw(*one, account, rng));
            words.insert(*user, of_devices.collect());
        }
        Self {
            url,
            removed,
            words,
        }
    }
}

/// Some of what a device sent, as another user finds it.
fn draw(device: Record<'_>, account: &Account, rng: &mut Rng) -> Vec<(String, Option<String>)> {
    let all: BTreeMap<&str, bool> = account
        .history
        .values()
        .flatten()
        .map(|one| {
            (
                one.key.as_str(),
                one.is_deleted || account.hidden.contains(&one.key),
            )
        })
        .collect();
    let sent = device.ledger.sent.iter().filter_map(|sent| {
        let key = sent.promised.as_deref()?;
        let is_gone = *all.get(key)?;
        let number = sent.texts.sure().split(' ').nth(1)?.parse().ok()?;
        Some((
            word(device.name, number),
            (!is_gone).then(|| key.to_owned()),
        ))
    });
    rng.choose_multiple(sent, SEARCHES)
}

/// It comes online, and everything that it has is at the server, or was refused.
pub(crate) async fn settle(device: &mut Device, rng: &mut Rng) -> Outcome {
    let begin = Instant::now();
    if device.driver.is_none() {
        device.open(rng).await?;
    }
    device.looks_as_before().await?;
    device.ask(json!({ "do": "online" })).await?;
    let online = begin.elapsed().as_secs_f64();
    device.finish().await?;
    let settled = begin.elapsed().as_secs_f64();
    device.log(&format!(
        "online after {online:.1} s, settled after {settled:.1} s"
    ));
    Ok(())
}

/// It shows what its user may know, and what its user has begun to write on it.
pub(crate) async fn converge(device: &mut Device, wanted: &Wanted) -> Outcome {
    let name = format!("oracle of {}", device.name).replace(' ', "-");
    let mut reader = Reader::new(wanted.url.clone(), device.user, name)?;
    let begin = Instant::now();
    let mut differs = String::new();
    let drafts = loop {
        let server = reader.account().await?.view;
        let (shown, drafts) = device.view(&server).await?;
        match oracle::compare(&device.name, &shown, &server) {
            Ok(()) => break drafts,
            Err(Trouble::Broken(what)) if begin.elapsed() < LONGEST => {
                if what != differs {
                    let seconds = begin.elapsed().as_secs_f64();
                    device.log(&format!("after {seconds:.1} s: {what}"));
                    differs = what;
                }
                sleep(AGAIN).await;
            }
            Err(trouble) => return Err(trouble),
        }
    };
    let seconds = begin.elapsed().as_secs_f64();
    device.log(&format!("shows all after {seconds:.1} s"));
    let removed = &wanted.removed[device.user];
    oracle::judge_drafts(&device.name, &device.ledger, &drafts, |chat| {
        removed.contains(chat)
    })?;
    for (word, key) in &wanted.words[device.user] {
        let end = Instant::now() + LONGEST_INDEX;
        while let Err(trouble) = device.finds(word, key.as_deref()).await {
            if Instant::now() > end {
                return Err(trouble);
            }
            sleep(AGAIN).await;
            // The log may have had another name meanwhile: then what a snapshot does not bring is not here any more.
            let server = reader.account().await?.view;
            device.view(&server).await?;
        }
    }
    Ok(())
}

/// The same on one that is new.
pub(crate) async fn sign_in_and_converge(
    device: &mut Device,
    wanted: &Wanted,
    rng: &mut Rng,
) -> Outcome {
    device.open(rng).await?;
    device.sign_in().await?;
    converge(device, wanted).await
}
