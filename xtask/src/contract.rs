//! The contract of the REST surface: a property-based tester asks the mock server, by its OpenAPI
//! document, and a client of tus that knows nothing of us uploads a file. Both are Python programs, which
//! this gets into a cache folder of the user.

use std::process::Command;

use crate::packages::Missing;
use crate::products::{self, DEBUG};
use crate::python::Packages;
use crate::run;

/// The tester, and a client of tus that uploads a file.
const PACKAGES: Packages = Packages(&[("schemathesis", "4.32.5"), ("tuspy", "1.1.0")]);

pub(crate) fn test(missing: Missing) -> Result<(), String> {
    let folder = match PACKAGES.get() {
        Ok(folder) => folder,
        Err(reason) => return missing.python(&reason),
    };
    run::program(
        Command::new(folder.join("bin/python"))
            .arg("tests/contract/contract.py")
            .arg(products::program(DEBUG, "fulmar-mock-server")?)
            .arg(folder.join("bin/schemathesis")),
    )
}
