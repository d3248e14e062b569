//! The contract of the REST surface: a property-based tester asks the mock server, by its OpenAPI
//! document, and a client of tus that knows nothing of us uploads a file. Both are Python programs, which
//! this gets into a cache folder of the user.

use std::path::Path;
use std::process::Command;

use crate::packages::Missing;
use crate::products::{self, DEBUG};
use crate::run;
use crate::toolchains::cache;

/// The version of the tester, from PyPI.
const SCHEMATHESIS: &str = "4.32.5";
/// The version of the client of tus, from PyPI, that uploads a file.
const TUSPY: &str = "1.1.0";

pub(crate) fn test(missing: Missing) -> Result<(), String> {
    let Some(folder) =
        cache().map(|cache| cache.join(format!("schemathesis-{SCHEMATHESIS}-tuspy-{TUSPY}")))
    else {
        return Err("there is neither XDG_CACHE_HOME nor HOME".to_owned());
    };
    let tester = folder.join("bin/schemathesis");
    if !works(&tester)
        && let Err(reason) = install(&folder)
    {
        return match missing {
            Missing::Skip => {
                println!("SKIPPED: {reason}. It needs Python 3 with venv, and PyPI.");
                Ok(())
            }
            Missing::Refuse => Err(reason),
        };
    }
    run::program(
        Command::new(folder.join("bin/python"))
            .arg("tests/contract/contract.py")
            .arg(products::program(DEBUG, "fulmar-mock-server")?)
            .arg(&tester),
    )
}

fn works(tester: &Path) -> bool {
    Command::new(tester)
        .arg("--version")
        .output()
        .is_ok_and(|said| said.status.success())
}

fn install(folder: &Path) -> Result<(), String> {
    println!("schemathesis {SCHEMATHESIS}: into {}", folder.display());
    run::program(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    run::program(
        Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("schemathesis=={SCHEMATHESIS}"))
            .arg(format!("tuspy=={TUSPY}")),
    )
}
