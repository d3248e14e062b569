//! Simulates worlds. A failing one prints the command that replays it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod options;
mod planted;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser as _;
use fulmar_engine::defects::plant;
use fulmar_simulation::{Effort, Failure, News, Progress, Sum, World, check_all, check_each};
use options::Options;

/// After so many worlds it says how far it is.
const SAYS_AFTER: u64 = 500;

fn main() -> ExitCode {
    let options = Options::parse();
    if options.defects {
        return planted::find_all(&options);
    }
    if options.keep_going {
        return each(&options);
    }
    plant(options.defect);
    let ran = match options.step_by_step() {
        true => step_by_step(&options),
        false => check_all(options.seeds(), options.defect, &|worlds, sum| {
            ran(&options, worlds, sum);
        }),
    };
    match ran {
        Ok(sum) => {
            print(&sum);
            println!("{} passed, 0 failed", options.seeds);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{}", told(&failure));
            match options.shrink {
                true => match planted::shorten(&options, failure.seed, Effort::Utmost, &mut say) {
                    Some(shorter) => eprintln!("{}", shorter.said),
                    None => eprintln!("it does not fail again"),
                },
                false => eprintln!("{}", again(&options, failure.seed)),
            }
            ExitCode::FAILURE
        }
    }
}

/// Every world, whatever becomes of the others.
fn each(options: &Options) -> ExitCode {
    let failed = AtomicU64::new(0);
    let sum = check_each(options.seeds(), &|news| match news {
        News::Ran(worlds, sum) => ran(options, worlds, sum),
        News::Failed(failure) => {
            failed.fetch_add(1, Ordering::Relaxed);
            eprintln!("{}{}", told(&failure), again(options, failure.seed));
        }
    });
    let failed = failed.into_inner();
    print(&sum);
    println!("{} passed, {failed} failed", sum.worlds);
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Says now and then how far it is, and what that came to: a long run may be broken off.
fn ran(options: &Options, worlds: u64, sum: &Sum) {
    if worlds.is_multiple_of(SAYS_AFTER) && worlds < options.seeds {
        println!("{worlds} of {} worlds have run", options.seeds);
        print(sum);
    }
}

fn print(sum: &Sum) {
    println!(
        "{} worlds converged: {} transactions, {} messages, {} crashes",
        sum.worlds, sum.transactions, sum.messages, sum.crashes
    );
    let faults = sum.faults.iter();
    let faults = faults.map(|(fault, times)| format!("{} {times}", fault.name()));
    println!("faults: {}", faults.collect::<Vec<_>>().join(", "));
}

/// Says how far a world is shortened.
fn say(progress: Progress) {
    let Progress { left, before, runs } = progress;
    eprintln!("  {left} of {before} acts are left after {runs} runs");
}

/// How the world of a seed is run once more.
fn again(options: &Options, seed: u64) -> String {
    let replay = options.replay(seed, "");
    format!("\nreplay:   {replay} --verbose\nshorten:  {replay} --shrink")
}

fn told(failure: &Failure) -> String {
    let Failure { seed, at, what } = failure;
    format!("seed {seed} failed at {at} ms: {what}")
}

fn step_by_step(options: &Options) -> Result<Sum, Failure> {
    let mut sum = Sum::default();
    let reduction = options.reduction();
    for seed in options.seeds() {
        let mut world = World::reduced(seed, &reduction);
        let acts = world.times_of_acts().len();
        if let Some(beyond) = reduction.beyond(acts) {
            let what = format!("there is no act {beyond}: the world of this seed has {acts} acts");
            return Err(Failure { seed, at: 0, what });
        }
        if options.verbose {
            world = world.verbose();
        }
        sum.add(&world.run()?);
    }
    Ok(sum)
}
