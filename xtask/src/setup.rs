//! Virtual environments under `target/`, from requirements that are pinned by hash.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::hash;
use crate::shell::{command, output, root, run as run_command, say, target, works};

/// Which environment: its folder and the requirements it is made from.
#[derive(Clone, Copy)]
pub enum Venv {
    /// River, for the recorder.
    Conformance,
    /// River, Vowpal Wabbit and pyarrow, for the bench.
    Peers,
    /// What tests the Python package.
    Python,
    /// What River's own tests need, without River.
    RiverSuite,
    /// Stock clients of the server's doors.
    Doors,
    /// A real MLflow server; heavy, so only made when its own test is asked for.
    Mlflow,
    /// CapyMOA, for `bench/package.py`. Large and needs Java, so made only when asked for by name.
    Capymoa,
    /// Flower and Vowpal Wabbit, for `bench/averages_beside.py`; made only when asked for by name.
    Averages,
    /// Playwright and axe, for the page.
    Page,
    /// What reads a book and knows nothing of us.
    Book,
}

impl Venv {
    fn folder(self) -> PathBuf {
        target().join(match self {
            Self::Conformance => "venv-conformance",
            Self::Peers => "venv-peers",
            Self::Python => "venv-python",
            Self::RiverSuite => "venv-river-suite",
            Self::Doors => "venv-doors",
            Self::Mlflow => "venv-mlflow",
            Self::Capymoa => "venv-capymoa",
            Self::Averages => "venv-averages",
            Self::Page => "venv-page",
            Self::Book => "venv-book",
        })
    }

    fn requirements(self) -> PathBuf {
        root().join(match self {
            Self::Conformance => "conformance/requirements.txt",
            Self::Peers => "bench/requirements.txt",
            Self::Python => "python/requirements.txt",
            Self::RiverSuite => "conformance/river_suite/requirements.txt",
            Self::Doors => "conformance/doors/requirements.txt",
            Self::Mlflow => "conformance/mlflow/requirements.txt",
            Self::Capymoa => "bench/requirements-capymoa.txt",
            Self::Averages => "bench/requirements-averages.txt",
            Self::Page => "crates/her/tests/page/requirements.txt",
            Self::Book => "conformance/book/requirements.txt",
        })
    }

    /// The environment's interpreter; make sure of it first with [`ensure`].
    pub fn python(self) -> PathBuf {
        self.folder().join("bin/python")
    }
}

/// `cargo xtask setup NAME`, or `all` that `cargo xtask test` needs: mlflow, capymoa and
/// averages are made when asked for by name.
pub fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["conformance"] => ensure(Venv::Conformance),
        ["peers"] => ensure(Venv::Peers),
        ["python"] => ensure(Venv::Python),
        ["river-suite"] => ensure(Venv::RiverSuite),
        ["doors"] => ensure(Venv::Doors),
        ["mlflow"] => ensure(Venv::Mlflow),
        ["capymoa"] => ensure(Venv::Capymoa),
        ["averages"] => ensure(Venv::Averages),
        ["page"] => ensure(Venv::Page),
        ["book"] => ensure(Venv::Book),
        [] | ["all"] => {
            ensure(Venv::Conformance)?;
            ensure(Venv::Peers)?;
            ensure(Venv::Python)?;
            ensure(Venv::RiverSuite)?;
            ensure(Venv::Page)?;
            ensure(Venv::Book)?;
            ensure(Venv::Doors)
        }
        other => bail!(
            "`setup` takes conformance, peers, python, river-suite, page, book, doors, mlflow, \
             capymoa, averages or all, but was given {other:?}"
        ),
    }
}

/// Make the environment unless it stands already and was made from these very requirements.
pub fn ensure(venv: Venv) -> Result<()> {
    let python = system_python()?;
    let folder = venv.folder();
    let stamp = stamp(&venv.requirements(), &python)?;
    let stamp_file = folder.join("made-from");
    let shown = folder.strip_prefix(root()).unwrap_or(&folder).display().to_string();
    if std::fs::read_to_string(&stamp_file).is_ok_and(|made| made == stamp) {
        say(&format!("{shown}: up to date"));
        return Ok(());
    }
    say(&format!("{shown}: making it (once; needs the network or pip's cache)"));
    make(&folder)?;
    install(&folder.join("bin/python"), &venv.requirements())?;
    std::fs::write(&stamp_file, stamp).with_context(|| format!("cannot write {shown}/made-from"))
}

/// An empty environment at `folder`; what stood there goes.
pub fn make(folder: &Path) -> Result<()> {
    let made = run_command(command("python3", &["-m", "venv", "--clear"]).arg(folder));
    made.context("python3 cannot make virtual environments (on Debian: apt install python3-venv)")
}

fn install(python: &Path, requirements: &Path) -> Result<()> {
    let arguments =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
    let mut pip = command(python, &arguments);
    pip.args(["--only-binary", ":all:", "-r"]).arg(requirements);
    run_command(&mut pip).context(
        "pip could not install the pinned requirements: is the network there, and is a wheel \
         published for this Python and platform?",
    )
}

/// `Python 3.11.7`, or what to do about it.
fn system_python() -> Result<String> {
    if !works(&mut command("python3", &["--version"])) {
        bail!("python3 is not on the PATH: install Python 3.11 or newer, with its venv module");
    }
    let code = "import sys; print(*sys.version_info[:3], sep='.')";
    let version = output(&mut command("python3", &["-c", code]))?;
    let version = version.trim().to_owned();
    if !recent_enough(&version) {
        bail!("python3 is {version}, but the pinned packages need 3.11 or newer");
    }
    Ok(version)
}

fn recent_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (3, 11)
}

/// What the environment depends on: the requirements' bytes and the Python it links to.
fn stamp(requirements: &Path, python: &str) -> Result<String> {
    Ok(format!("{} python {python}\n", hash::file(requirements)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_pythons_are_refused() {
        assert!(recent_enough("3.11.0") && recent_enough("3.14.2") && recent_enough("4.0"));
        assert!(!recent_enough("3.9.18") && !recent_enough("2.7.18") && !recent_enough(""));
    }

    #[test]
    fn another_python_or_requirement_asks_for_another_environment() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("requirements.txt");
        std::fs::write(&file, "a==1").expect("written");
        let first = stamp(&file, "3.11.7").expect("a stamp");
        assert_ne!(first, stamp(&file, "3.12.0").expect("a stamp"));
        std::fs::write(&file, "a==2").expect("written");
        assert_ne!(first, stamp(&file, "3.11.7").expect("a stamp"));
    }
}
