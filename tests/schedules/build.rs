//! Writes the modules of `lib.rs`: the files of the runtime as they are, and once more for each mistake, with that.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/mistakes.rs"]
mod mistakes;

use mistakes::{MISTAKES, Mistake};

const RUNTIME: &str = "../../sdk-core/src/runtime";
/// What is compiled of it.
const FILES: [&str; 9] = [
    "app_work",
    "handle",
    "late_hints",
    "readers",
    "running",
    "setup",
    "suspension",
    "thread",
    "watchers",
];
/// What is beside them in the product and another one here.
const BESIDE: [&str; 4] = ["driver", "process", "published", "sync"];
/// So that a mailbox is full now and then.
const MAILBOX: (&str, &str, &str) = (
    "setup",
    "WAITING_INPUTS: usize = 1_024;",
    "WAITING_INPUTS: usize = 2;",
);

fn main() {
    println!("cargo::rerun-if-changed={RUNTIME}");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR").unwrap());
    let mut modules = module(&out, "right", None);
    let mut table = String::new();
    for mistake in MISTAKES {
        modules += &module(&out, mistake.name, Some(mistake));
        let Mistake {
            name, check, says, ..
        } = mistake;
        writeln!(table, "    ({name:?}, {name}::checks::{check}, {says:?}),").unwrap();
    }
    let table = format!(
        "/// Each planted mistake, the check that must fail, and what it says then.\n\
         pub const PLANTED: &[(&str, fn(), &str)] = &[\n{table}];\n"
    );
    fs::write(out.join("runtimes.rs"), modules + &table).unwrap();
}

/// One runtime, as the text of a module.
fn module(out: &Path, name: &str, mistake: Option<&Mistake>) -> String {
    let folder = out.join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut text = format!("pub mod {name} {{\n");
    for file in FILES {
        let path = Path::new(RUNTIME).join(format!("{file}.rs"));
        let mut body = fs::read_to_string(&path).unwrap();
        if file == MAILBOX.0 {
            body = changed(&body, MAILBOX.1, MAILBOX.2, "the mailbox");
        }
        if let Some(mistake) = mistake.filter(|mistake| mistake.file == file) {
            for (right, wrong) in mistake.changes {
                body = changed(&body, right, wrong, name);
            }
        }
        let copy = folder.join(format!("{file}.rs"));
        fs::write(&copy, body).unwrap();
        writeln!(text, "    #[path = {copy:?}]\n    pub(crate) mod {file};").unwrap();
    }
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap()).join("src");
    for file in BESIDE {
        let path = here.join("beside").join(format!("{file}.rs"));
        writeln!(text, "    #[path = {path:?}]\n    pub(crate) mod {file};").unwrap();
    }
    let checks = here.join("checks/mod.rs");
    writeln!(text, "    #[path = {checks:?}]\n    pub mod checks;\n}}").unwrap();
    text
}

fn changed(body: &str, right: &str, wrong: &str, name: &str) -> String {
    let found = body.matches(right).count();
    assert_eq!(found, 1, "{name}: the file reads otherwise now");
    body.replace(right, wrong)
}
