//! Other programs, the repository's root, and the clock: the outside world in one file.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The repository's root: the folder above this crate.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Where fetched streams and virtual environments lie, whatever the build folder is.
pub fn target() -> PathBuf {
    root().join("target")
}

/// A command that runs at the repository's root. What cargo tells us of ourselves is taken out:
/// the build script of `ring` looks at it, so it and all above would be built once more whenever a
/// cargo is started by hand.
pub fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|of| name.starts_with(of)) {
            command.env_remove(&*name);
        }
    }
    command
}

/// The cargo that runs us.
pub fn cargo(arguments: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// Run to the end with our own terminal; an exit code other than 0 is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", spelled(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", spelled(command));
    }
    Ok(())
}

/// Run to the end and return stdout; stderr goes to the terminal.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", spelled(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", spelled(command), output.status);
    }
    String::from_utf8(output.stdout).context("the program's output is not UTF-8")
}

/// Whether a program starts and ends well; says nothing on the terminal.
pub fn works(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// Installs Debian's packages, which a new CI machine lacks.
pub fn debian(packages: &[&str]) -> Result<()> {
    say(&format!("installing Debian's {}", packages.join(", ")));
    let install = || {
        let mut apt = command("apt-get", &["install", "--yes", "--quiet=2"]);
        apt.arg("--no-install-recommends").args(packages);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    if works(&mut install()) {
        return Ok(());
    }
    run(&mut command("apt-get", &["update", "--quiet=2"]))?;
    run(&mut install())
}

/// The program's name and arguments, as one would type them.
fn spelled(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// What cargo knows of the workspace and its dependencies on this platform.
pub fn metadata() -> Result<Value> {
    let version = output(&mut command("rustc", &["-vV"]))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` names no host")?;
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
    let text = output(&mut cargo(&arguments))?;
    serde_json::from_str(&text).context("`cargo metadata` is not JSON")
}

/// A line of talk: to stderr, so that stdout stays data.
pub fn say(line: &str) {
    eprintln!("{line}");
}

/// How long `work` took, and its result.
#[expect(clippy::disallowed_methods, reason = "a tool times its steps; no result depends on it")]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Today as `2026-01-31`, in UTC.
#[expect(clippy::disallowed_methods, reason = "a report carries the day on which it was made")]
pub fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let (year, month, day) = civil(since.map_or(0, |d| d.as_secs() / 86_400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Days since 1970-01-01 as year, month, day (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_780), (2026, 11, 23));
    }

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = run(&mut command("false", &[])).expect_err("`false` fails");
        assert!(error.to_string().starts_with("false ended with"), "{error}");
    }
}
