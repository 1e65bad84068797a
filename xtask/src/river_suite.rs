//! `cargo xtask river-suite`: River's own tests on our Python package.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::data::{Archive, download};
use crate::setup::{Venv, ensure};
use crate::shell::{command, output, root, run as run_command, say, target};
use crate::{hash, python};

const SDIST: Archive = Archive {
    requirement: "river==0.26.1",
    file: "river-0.26.1.tar.gz",
    sha256: "2326f87f396801cfd8672ac02d9f9731c10e936696e7a0a1f89a378b994fba3f",
    // The stand-in on the PYTHONPATH answers instead of a backend that would want River's
    // Rust toolchain, only to say what the archive is called.
    choice: &["--no-binary=river", "--no-build-isolation"],
    backend: Some("conformance/river_suite/sdist_backend"),
};
const WHEEL: &str = "conformance/river_suite/river.txt";

/// What to do with the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    /// Run all of it and write the report.
    Report,
    /// The same, and list anew what passes.
    Update,
    /// Run what is listed.
    Check,
    /// Run it on River itself.
    Baseline,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Update => "update",
            Self::Check => "check",
            Self::Baseline => "baseline",
        }
    }
}

/// `cargo xtask river-suite [--check|--update|--baseline|--prove]`.
pub fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => drive(Verb::Report),
        ["--check"] => check(),
        ["--update"] => drive(Verb::Update),
        ["--baseline"] => drive(Verb::Baseline),
        ["--prove"] => prove(),
        other => bail!(
            "`river-suite` takes --check, --update, --baseline or --prove, but was given {other:?}"
        ),
    }
}

/// The step of `cargo xtask test`: the rig's own tests, then what is listed.
pub fn check() -> Result<()> {
    prove()?;
    drive(Verb::Check)
}

/// The rig's tests: that it notices a failing test and a missing one.
fn prove() -> Result<()> {
    let (suite, river) = prepare()?;
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir"];
    let mut pytest = command(Venv::RiverSuite.python(), &arguments);
    pytest.arg(root().join("conformance/river_suite")).args(["-c", "/dev/null"]);
    pytest.arg("conformance/river_suite/test_rig.py");
    pytest.env("PYTHONPATH", root().join("conformance")).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.env("RIVER_SUITE_RIVER", river).env("RIVER_SUITE_TESTS", suite);
    run_command(&mut pytest)
}

fn drive(verb: Verb) -> Result<()> {
    let (suite, river) = prepare()?;
    let mut rig = command(Venv::RiverSuite.python(), &["-m", "river_suite.run", verb.word()]);
    rig.env("PYTHONPATH", root().join("conformance")).env("PYTHONDONTWRITEBYTECODE", "1");
    rig.arg("--suite").arg(suite).arg("--river").arg(river).arg("--out").arg(folder());
    if verb != Verb::Baseline {
        rig.arg("--package").arg(package()?);
    }
    run_command(&mut rig)
}

fn folder() -> PathBuf {
    target().join("river-suite")
}

/// The environment, River's tests and River's wheel; returns where the latter two are.
fn prepare() -> Result<(PathBuf, PathBuf)> {
    ensure(Venv::RiverSuite)?;
    std::fs::create_dir_all(folder())
        .with_context(|| format!("cannot create {}", folder().display()))?;
    let (suite, river) = (folder().join("suite"), folder().join("river"));
    once(&suite, SDIST.sha256, unpack_tests)?;
    once(&river, &hash::file(&root().join(WHEEL))?, install_wheel)?;
    Ok((suite, river))
}

/// Make a folder unless it was made from this very thing.
fn once(folder: &Path, from: &str, make: fn(&Path) -> Result<()>) -> Result<()> {
    let stamp = folder.join("made-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == from) {
        return Ok(());
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("in {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("in {}", folder.display()))?;
    make(folder)?;
    std::fs::write(&stamp, from).with_context(|| format!("cannot write {}", stamp.display()))
}

/// River's archive without River: its folder beside the tests would be what they import.
fn unpack_tests(to: &Path) -> Result<()> {
    let archive = download(&SDIST, &folder())?;
    let mut tar = command("tar", &["--extract", "--gzip", "--strip-components=1"]);
    tar.args(["--exclude=river-0.26.1/river", "--exclude=river-0.26.1/rust_src"]);
    run_command(tar.arg("--file").arg(archive).arg("--directory").arg(to))
}

/// River's wheel, where nothing finds it that was not told to.
fn install_wheel(to: &Path) -> Result<()> {
    say("target/river-suite/river: installing River's wheel");
    let arguments =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
    let mut pip = command(Venv::RiverSuite.python(), &arguments);
    pip.args(["--no-deps", "--only-binary", ":all:", "-r", WHEEL, "--target"]).arg(to);
    run_command(&mut pip)
}

/// A folder that holds our package and nothing else, so that nothing beside it is found.
fn package() -> Result<PathBuf> {
    // Found, not imported: whether it can be imported is for the tests to say.
    let code = "import importlib.util as u; s = u.find_spec('heraclitus'); \
                print(s.submodule_search_locations[0] if s else '')";
    ensure(Venv::Python)?;
    // What lies in the checkout may be of another day: figures are of the source as it is.
    python::native()?;
    let mut asked = command(Venv::Python.python(), &["-c", code]);
    let found = output(asked.env("PYTHONPATH", python::PATH))?;
    let found = found.trim();
    if found.is_empty() {
        bail!("target/venv-python has no package heraclitus, nor has python/");
    }
    let alone = folder().join("ours");
    if alone.exists() {
        std::fs::remove_dir_all(&alone).with_context(|| format!("in {}", alone.display()))?;
    }
    std::fs::create_dir_all(&alone).with_context(|| format!("in {}", alone.display()))?;
    let link = alone.join("heraclitus");
    // A path from the root when it is python's.
    std::os::unix::fs::symlink(root().join(found), &link)
        .with_context(|| format!("cannot link {}", link.display()))?;
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_once_and_again_from_something_else() {
        fn make(folder: &Path) -> Result<()> {
            anyhow::ensure!(std::fs::read_dir(folder)?.next().is_none(), "not empty");
            Ok(std::fs::write(folder.join("made"), "")?)
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inner = folder.path().join("a/b");
        once(&inner, "one", make).expect("made");
        std::fs::write(inner.join("extra"), "").expect("written");
        once(&inner, "one", make).expect("left as it is");
        assert!(inner.join("extra").exists());
        once(&inner, "two", make).expect("made anew");
        assert!(!inner.join("extra").exists() && inner.join("made").exists());
    }

    #[test]
    fn unknown_words_are_refused() {
        let error = run(&["--fast".to_owned()]).expect_err("no such word").to_string();
        assert!(error.contains("--fast"), "{error}");
    }
}
