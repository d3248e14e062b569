//! The tests of the runtime and of the surface for other languages under valgrind: reads and writes of what is not
//! there, jumps that depend on nothing that was written, and memory that nobody can reach any more. Not in CI: the
//! machine that valgrind simulates is slow.

use std::process::Command;

use crate::{fuzz, run};

/// `rustix` reads the memory that the kernel shows each process, which valgrind takes away: it is built over libc.
const FLAGS: &str = "--cfg rustix_use_libc";
/// Only what is lost for good is a leak: what a process holds until its end, like the threads of a test's runtime, is
/// none. A mistake ends the tests with a status that they do not have by themselves. There are no suppressions.
const VALGRIND: &str = "valgrind --quiet --leak-check=full --show-leak-kinds=definite \
                        --errors-for-leak-kinds=definite --error-exitcode=9 --fair-sched=yes --num-callers=30";

pub(crate) fn run() -> Result<(), String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Err("there is no valgrind on the PATH (apt install valgrind)".to_owned());
    }
    let host = fuzz::host()?;
    let name = host.to_uppercase().replace('-', "_");
    let runner = format!("CARGO_TARGET_{name}_RUNNER");
    let words = [
        "test",
        "--locked",
        "--no-fail-fast",
        // With a target of its own, build scripts are built without the flags.
        "--target",
        &host,
        "--target-dir",
        "target",
        "--package",
        "fulmar",
        "--package",
        "fulmar-ffi",
        "--lib",
        "--test",
        "ending",
        "--test",
        "logs",
    ];
    run::cargo(&words, &[("RUSTFLAGS", FLAGS), (&runner, VALGRIND)])
}
