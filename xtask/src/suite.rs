//! `cargo xtask test`: every check there is, cheap ones first. CI runs nothing else.

use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::setup::{Venv, ensure};
use crate::shell::{cargo, command, debian, run as run_command, say, timed, works};
use crate::{
    book, conformance, data, doors, generate, language, page, python, river_suite, tidy, wheel,
};

/// The planted bugs, the faulty disk and the tests that need them.
const TESTING: &str = "her-identity/testing";

/// What has tests; examples are looked at by clippy.
const TARGETS: [&str; 3] = ["--lib", "--bins", "--tests"];

/// A build for tests. Always of the whole workspace: cargo chooses the features of what lies below
/// by what is built, and of one package they are others, so that all of it would be built again.
pub fn whole(verb: &str) -> Command {
    cargo(&[verb, "--quiet", "--locked", "--workspace", "--features", TESTING])
}

/// One named check.
struct Step {
    name: &'static str,
    /// Left out by `--fast`.
    slow: bool,
    work: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "format", slow: false, work: format },
    Step { name: "generated", slow: false, work: || generate::run(&["--check".to_owned()]) },
    Step { name: "tidy", slow: false, work: tidy::run },
    Step { name: "setup", slow: false, work: || ensure(Venv::Conformance) },
    Step { name: "data", slow: false, work: data::fetch },
    Step { name: "language", slow: false, work: language::fetch },
    Step { name: "clippy", slow: false, work: clippy },
    Step { name: "tests", slow: false, work: tests },
    Step { name: "python", slow: false, work: python::test },
    Step { name: "doors", slow: true, work: doors::test },
    Step { name: "page", slow: true, work: page::test },
    Step { name: "book", slow: true, work: book::test },
    Step { name: "power loss", slow: true, work: power_loss },
    Step { name: "namespaces", slow: true, work: namespaces },
    Step { name: "processors", slow: true, work: processors },
    Step { name: "doctests", slow: true, work: doctests },
    Step { name: "conformance", slow: true, work: conformance::check },
    Step { name: "wheel", slow: true, work: wheel::check },
    Step { name: "river suite", slow: true, work: river_suite::check },
];

/// Run the steps in order; the first that fails ends the run.
pub fn run(arguments: &[String]) -> Result<()> {
    let fast = match arguments {
        [] => false,
        [only] if only == "--fast" => true,
        other => bail!("`test` takes only --fast, but was given {other:?}"),
    };
    let mut seconds = Vec::new();
    for step in STEPS {
        if fast && step.slow {
            seconds.push(format!("{:>12}  left out by --fast", step.name));
            continue;
        }
        say(&format!("── {}", step.name));
        let (result, took) = timed(step.work);
        seconds.push(format!("{:>12}  {:7.1} s", step.name, took.as_secs_f64()));
        if let Err(error) = result {
            say(&format!("\n{}", seconds.join("\n")));
            return Err(error).with_context(|| format!("the step `{}` failed", step.name));
        }
    }
    say(&format!("\n{}", seconds.join("\n")));
    Ok(())
}

fn format() -> Result<()> {
    run_command(&mut cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    run_command(cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--locked"]).args([
        "--features",
        TESTING,
        "--",
        "-D",
        "warnings",
    ]))
}

fn tests() -> Result<()> {
    if works(&mut cargo(&["nextest", "--version"])) {
        let profile = if std::env::var_os("CI").is_some() { "ci" } else { "default" };
        let arguments = ["nextest", "run", "--workspace", "--locked", "--features", TESTING];
        return run_command(cargo(&arguments).args(["--profile", profile]).args(TARGETS));
    }
    say("cargo-nextest is not installed: running `cargo test`, without time limits per test");
    run_command(cargo(&["test", "--workspace", "--locked", "--features", TESTING]).args(TARGETS))
}

/// Whether this process may mount a file system of its own: tried, not guessed.
fn mounts() -> Result<()> {
    if !std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0) {
        bail!("only root may");
    }
    let dir = std::env::temp_dir().join(format!("her-xtask-mount-{}", std::process::id()));
    let (image, mount) = (dir.join("image"), dir.join("mount"));
    std::fs::create_dir_all(&mount).context("making a directory")?;
    let tried = (|| {
        std::fs::File::create(&image)?.set_len(16 << 20)?;
        run_command(Command::new("mkfs.ext4").arg("-q").arg(&image))?;
        run_command(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&mount))?;
        run_command(Command::new("umount").arg(&mount))
    })();
    std::fs::remove_dir_all(&dir).context("removing a directory")?;
    tried
}

/// Cuts the power of a real file system; only root may mount one.
fn power_loss() -> Result<()> {
    if let Err(why) = mounts() {
        say(&format!("1 test left out: the power-loss test mounts a file system: {why:#}"));
        return Ok(());
    }
    run_command(
        whole("test")
            .args(["--test", "crash", "--", "--ignored", "--exact", "--nocapture"])
            .arg("nothing_acknowledged_is_lost_on_a_real_file_system_without_power"),
    )
}

/// Whether this process may make a network namespace: tried, not guessed. CI must be able to.
fn namespaced() -> Result<()> {
    if !works(&mut command("ip", &["-V"])) && std::env::var_os("CI").is_some() {
        debian(&["iproute2"])?;
    }
    let name = format!("her-xtask-{}", std::process::id());
    run_command(&mut command("ip", &["netns", "add", &name]))?;
    run_command(&mut command("ip", &["netns", "del", &name]))
}

/// Cuts one way of a link between two nodes; only root may make the namespaces that they are in.
fn namespaces() -> Result<()> {
    if let Err(why) = namespaced() {
        let what = "1 test left out: departures over links that are cut need network namespaces";
        say(&format!("{what}: root, and iproute2's `ip`: {why:#}"));
        return Ok(());
    }
    run_command(
        whole("test")
            .args(["--test", "departures", "--", "--ignored", "--exact", "--nocapture"])
            .arg("moves_between_namespaces_whose_links_are_cut_one_way_lose_nothing"),
    )
}

/// Moves a language identity between this processor and an emulated one of other instructions.
fn processors() -> Result<()> {
    let emulator = || works(&mut command("qemu-x86_64", &["--version"]));
    if cfg!(target_arch = "x86_64") && !emulator() && std::env::var_os("CI").is_some() {
        debian(&["qemu-user"])?;
    }
    if !emulator() {
        say("1 test left out: departures between processors need x86-64, and qemu-user");
        return Ok(());
    }
    run_command(
        whole("test")
            .args(["--test", "departures", "--", "--ignored", "--exact", "--nocapture"])
            .arg("moves_between_processors_of_other_instructions_take_the_state"),
    )
}

fn doctests() -> Result<()> {
    run_command(whole("test").arg("--doc"))
}
