//! The XCFramework: the static library for each platform of Apple's, with the header and the module map.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{
    Missing, PROFILE, VERSION, fresh, has_target, host_library, library_of_kind, report, size,
    write,
};
use crate::run::{cargo, program};

/// The slices: what each is called, and the targets that are one library in it.
const SLICES: [(&str, &[&str]); 3] = [
    ("ios", &["aarch64-apple-ios"]),
    (
        "ios-simulator",
        &["aarch64-apple-ios-sim", "x86_64-apple-ios"],
    ),
    ("macos", &["aarch64-apple-darwin", "x86_64-apple-darwin"]),
];
const FOLDER: &str = "target/package/apple";
/// Where the Swift package looks for it.
const FRAMEWORK: &str = "bindings/swift/fulmarFFI.xcframework";

pub(crate) fn package() -> Result<(), String> {
    host_library()?;
    let folder = Path::new(FOLDER);
    fresh(folder)?;
    let headers = folder.join("headers");
    fs::create_dir_all(&headers).map_err(|error| error.to_string())?;
    let header = fs::read_to_string("bindings/swift/Sources/CFulmar/fulmarFFI.h");
    write(
        &headers.join("fulmarFFI.h"),
        &header.map_err(|error| error.to_string())?,
    )?;
    let map = "module fulmarFFI {\n    header \"fulmarFFI.h\"\n    export *\n}\n";
    write(&headers.join("module.modulemap"), map)?;

    let missing = missing();
    if !missing.is_empty() {
        report(Path::new(FRAMEWORK), &missing);
        return Ok(());
    }
    let mut create = Command::new("xcodebuild");
    create.arg("-create-xcframework");
    for (slice, targets) in SLICES {
        let library = library(slice, targets)?;
        println!(
            "{}: {} before stripping by the linker",
            library.display(),
            size(&library)?
        );
        create
            .arg("-library")
            .arg(library)
            .arg("-headers")
            .arg(&headers);
    }
    fresh(Path::new(FRAMEWORK))?;
    fs::remove_dir(FRAMEWORK).map_err(|error| error.to_string())?;
    program(create.args(["-output", FRAMEWORK]))?;

    // For a package that fetches it: `.binaryTarget(name:url:checksum:)`.
    let archive = format!("{FOLDER}/fulmarFFI-{VERSION}.xcframework.zip");
    program(Command::new("ditto").args(["-c", "-k", "--keepParent", FRAMEWORK, &archive]))?;
    println!("{archive}: {}, its checksum:", size(Path::new(&archive))?);
    program(Command::new("swift").args(["package", "compute-checksum", &archive]))?;
    report(Path::new(FRAMEWORK), &missing);
    Ok(())
}

fn missing() -> Missing {
    let mut missing = Missing::new();
    if !Command::new("xcodebuild")
        .arg("-version")
        .output()
        .is_ok_and(|said| said.status.success())
    {
        missing
            .push("no Xcode: the SDKs of Apple's platforms come with it, on macOS only".to_owned());
    }
    for (slice, targets) in SLICES {
        for target in targets {
            if !has_target(target) {
                missing.push(format!("{slice}: `rustup target add {target}`"));
            }
        }
    }
    missing
}

/// The library of a slice; several processors go into one file.
fn library(slice: &str, targets: &[&str]) -> Result<PathBuf, String> {
    let mut parts = Vec::new();
    for target in targets {
        cargo(
            &[&library_of_kind("staticlib")[..], &["--target", target]].concat(),
            &[],
        )?;
        parts.push(
            Path::new("target")
                .join(target)
                .join(PROFILE)
                .join("libfulmar_ffi.a"),
        );
    }
    let library = Path::new(FOLDER).join(slice).join("libfulmar_ffi.a");
    if let Some(folder) = library.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    program(
        Command::new("lipo")
            .arg("-create")
            .args(&parts)
            .arg("-output")
            .arg(&library),
    )?;
    Ok(library)
}
