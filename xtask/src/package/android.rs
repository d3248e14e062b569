//! The AAR: the classes of the Kotlin package and its Android glue, the library for each ABI, the manifest,
//! the rules for R8, and the metadata for Gradle.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Missing, PROFILE, VERSION, fresh, has_target, host_library, report, size, write};
use crate::packages::maven;
use crate::products::absolute;
use crate::run::{cargo, program};
use crate::toolchains::{Language, Toolchain};

/// ABIs and their targets.
const ABIS: [(&str, &str); 4] = [
    ("arm64-v8a", "aarch64-linux-android"),
    ("armeabi-v7a", "armv7-linux-androideabi"),
    ("x86_64", "x86_64-linux-android"),
    ("x86", "i686-linux-android"),
];
/// Pages of 16 KiB, which Android 15 wants.
const PAGES: &str = "-C link-arg=-Wl,-z,max-page-size=16384";
const FOLDER: &str = "target/package/android";
const TEMPLATES: &str = "bindings/kotlin/android/aar";
/// What every AAR must have, whatever this machine lacks.
const CONTENTS: [&str; 5] = [
    "AndroidManifest.xml",
    "classes.jar",
    "proguard.txt",
    "R.txt",
    "META-INF/com/android/build/gradle/aar-metadata.properties",
];
const CLASSES: [&str; 4] = [
    "chat/fulmar/Client.class",
    "chat/fulmar/Timeline.class",
    "chat/fulmar/android/KeystoreSecrets.class",
    "chat/fulmar/android/PlatformHints.class",
];

/// The archives of the Kotlin packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Archives {
    /// They are to be built.
    Wanted,
    /// The tests of the packages have just built them.
    Built,
}

pub(crate) fn package(archives: Archives) -> Result<(), String> {
    let kotlin = Language::Kotlin;
    let toolchain = Toolchain::find(kotlin).ok_or_else(|| kotlin.wanted().to_owned())?;
    host_library()?;
    let folder = Path::new(FOLDER);
    let aar = folder.join("aar");
    fresh(folder)?;
    fresh(&aar)?;
    let missing = libraries(&aar)?;

    if archives == Archives::Wanted {
        let words = ["package", "-DskipTests", "--projects", "fulmar,android"];
        program(maven(&toolchain).args(words))?;
    }
    let classes = absolute(&format!("{FOLDER}/classes"))?;
    fresh(&classes)?;
    for jar in [
        format!("bindings/kotlin/fulmar/target/fulmar-{VERSION}.jar"),
        format!("bindings/kotlin/android/target/fulmar-android-glue-{VERSION}.jar"),
    ] {
        let jar = absolute(&jar)?;
        program(
            toolchain
                .command("jar")
                .current_dir(&classes)
                .arg("xf")
                .arg(jar),
        )?;
    }
    fs::remove_dir_all(classes.join("META-INF/maven")).map_err(|error| error.to_string())?;
    zip(&toolchain, &aar.join("classes.jar"), &classes)?;

    for name in ["AndroidManifest.xml", "proguard.txt"] {
        write(&aar.join(name), &template(name)?)?;
    }
    write(&aar.join("R.txt"), "")?;
    let metadata = "META-INF/com/android/build/gradle/aar-metadata.properties";
    write(&aar.join(metadata), &template("aar-metadata.properties")?)?;
    let name = format!("fulmar-android-{VERSION}");
    let archive = folder.join(format!("{name}.aar"));
    zip(&toolchain, &archive, &aar)?;
    for kind in ["module", "pom"] {
        let text = filled(&template(&format!("fulmar-android.{kind}"))?)?;
        write(&folder.join(format!("{name}.{kind}")), &text)?;
    }

    contains(&toolchain, &archive, &CONTENTS)?;
    contains(&toolchain, &aar.join("classes.jar"), &CLASSES)?;
    println!("{}: {}", archive.display(), size(&archive)?);
    report(&archive, &missing);
    Ok(())
}

/// The library for each ABI for which this machine has everything.
fn libraries(aar: &Path) -> Result<Missing, String> {
    let mut missing = Missing::new();
    let ndk = ["ANDROID_NDK_HOME", "ANDROID_NDK_ROOT"];
    let has_ndk = ndk.iter().any(|name| std::env::var_os(name).is_some());
    if !has_ndk {
        missing.push("no NDK: install it, and set ANDROID_NDK_HOME".to_owned());
    }
    let has_tool = Command::new("cargo-ndk").arg("--version").output().is_ok();
    if !has_tool {
        missing.push("no cargo-ndk: `cargo install cargo-ndk`".to_owned());
    }
    for (abi, target) in ABIS {
        if !has_target(target) {
            missing.push(format!("jni/{abi}: `rustup target add {target}`"));
        } else if !has_ndk || !has_tool {
            missing.push(format!("jni/{abi}: wants the above"));
        } else {
            let jni = aar.join("jni").display().to_string();
            let words = [
                "ndk",
                "--target",
                abi,
                "--platform",
                "26",
                "--output-dir",
                &jni,
            ];
            let build = [
                "build",
                "--locked",
                "--profile",
                PROFILE,
                "--package",
                "fulmar-ffi",
            ];
            cargo(&[&words[..], &build[..]].concat(), &[("RUSTFLAGS", PAGES)])?;
            let library = aar.join("jni").join(abi).join("libfulmar_ffi.so");
            println!("{}: {}", library.display(), size(&library)?);
        }
    }
    Ok(missing)
}

fn template(name: &str) -> Result<String, String> {
    let path = Path::new(TEMPLATES).join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A template with the versions that the Kotlin packages are built with.
fn filled(template: &str) -> Result<String, String> {
    let path = "bindings/kotlin/pom.xml";
    let pom = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let mut text = template.replace("@VERSION@", VERSION);
    for (mark, property) in [
        ("@KOTLIN@", "kotlin.version"),
        ("@COROUTINES@", "coroutines.version"),
        ("@JNA@", "jna.version"),
    ] {
        let value = pom
            .split_once(&format!("<{property}>"))
            .and_then(|(_, rest)| rest.split_once('<'))
            .map(|(value, _)| value)
            .ok_or_else(|| format!("{path} has no {property}"))?;
        text = text.replace(mark, value);
    }
    Ok(text)
}

/// An AAR is a zip archive, and so is a JAR.
fn zip(toolchain: &Toolchain, archive: &Path, folder: &Path) -> Result<(), String> {
    let mut command = toolchain.command("jar");
    command
        .args(["--create", "--no-manifest", "--file"])
        .arg(archive);
    program(command.arg("-C").arg(folder).arg("."))
}

fn contains(toolchain: &Toolchain, archive: &Path, expected: &[&str]) -> Result<(), String> {
    let said = toolchain.command("jar").arg("tf").arg(archive).output();
    let said = said.map_err(|error| format!("jar: {error}"))?;
    let names = String::from_utf8_lossy(&said.stdout).into_owned();
    for each in expected {
        if !names
            .lines()
            .any(|name| name.trim_start_matches("./") == *each)
        {
            return Err(format!("{} lacks {each}", archive.display()));
        }
    }
    Ok(())
}
