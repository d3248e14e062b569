//! Simulates worlds. A failing one prints the command that replays it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod options;
mod planted;

use std::process::ExitCode;

use clap::Parser as _;
use fulmar_engine::defects::plant;
use fulmar_simulation::{Effort, Failure, Sum, World, check_all};
use options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    if options.defects {
        return planted::find_all(&options);
    }
    plant(options.defect);
    let ran = match options.step_by_step() {
        true => step_by_step(&options),
        false => check_all(options.seeds(), options.defect),
    };
    match ran {
        Ok(sum) => {
            println!(
                "{} worlds converged: {} transactions, {} messages, {} crashes",
                options.seeds, sum.transactions, sum.messages, sum.crashes
            );
            let faults = sum.faults.iter();
            let faults = faults.map(|(fault, times)| format!("{} {times}", fault.name()));
            println!("faults: {}", faults.collect::<Vec<_>>().join(", "));
            println!("{} passed, 0 failed", options.seeds);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{}", told(&failure));
            match options.shrink {
                true => match planted::shorten(&options, failure.seed, Effort::Utmost) {
                    Some(shorter) => eprintln!("{}", shorter.said),
                    None => eprintln!("it does not fail again"),
                },
                false => eprintln!(
                    "\nreplay:   {} --verbose\nshorten:  {} --shrink",
                    options.replay(failure.seed, ""),
                    options.replay(failure.seed, "")
                ),
            }
            ExitCode::FAILURE
        }
    }
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
        if options.verbose {
            world = world.verbose();
        }
        sum.add(&world.run()?);
    }
    Ok(sum)
}
