//! `cargo xtask wheel`: the package as it is published, and a look at it from outside.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::setup::{self, Venv, ensure};
use crate::shell::{command, output, root, run as run_command, say, target};

/// Build the wheel as it is published into `target/wheels`; its path.
pub fn build() -> Result<PathBuf> {
    build_as("release", &[])
}

/// The same with another of cargo's profiles, and with features.
fn build_as(profile: &str, features: &[&str]) -> Result<PathBuf> {
    ensure(Venv::Python)?;
    let folder = target().join("wheels");
    // What lies there is of another build.
    std::fs::remove_dir_all(&folder).or_else(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(e).context("cannot empty target/wheels"),
    })?;
    let mut maturin = command(Venv::Python.python(), &["-m", "maturin", "build"]);
    maturin.args(features.iter().flat_map(|feature| ["--features", feature]));
    run_command(maturin.args(["--profile", profile, "--locked", "--out"]).arg(&folder))?;
    let found = std::fs::read_dir(&folder).context("target/wheels")?;
    let wheels: Vec<PathBuf> = found.filter_map(|f| f.ok().map(|f| f.path())).collect();
    let [wheel] = wheels.as_slice() else { bail!("one wheel was to be made, found {wheels:?}") };
    let bytes = std::fs::metadata(wheel).context("the wheel")?.len();
    let shown = wheel.strip_prefix(root()).unwrap_or(wheel).display();
    say(&format!("{shown}: {:.1} MB", bytes as f64 / 1e6));
    Ok(wheel.clone())
}

/// Build the wheel, install it where nothing else is, and use it: the classes and the command. What
/// is looked at are its files, tags and entry points, which are the same without the ten minutes
/// that a release takes to optimise.
pub fn check() -> Result<()> {
    let wheel = build_as("dev", &["as-tested"])?;
    let folder = target().join("venv-wheel");
    setup::make(&folder)?;
    let python = folder.join("bin/python");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"];
    run_command(command(&python, &pip).arg(&wheel))?;
    let code = "from heraclitus import linear_model, preprocessing\n\
                model = preprocessing.StandardScaler() | linear_model.LogisticRegression()\n\
                for i in range(200): model.learn_one({'i': i % 10}, i % 10 > 4)\n\
                print(model.predict_one({'i': 9}), model.predict_one({'i': 0}))";
    let said = output(command(&python, &["-c", code]).current_dir(target()))?;
    if said.trim() != "True False" {
        bail!("the installed package predicted {said:?} instead of True False");
    }
    let her = folder.join("bin/her");
    let version = output(&mut command(&her, &["--version"]))?;
    if !version.starts_with("her ") {
        bail!("the installed command says {version:?} of itself");
    }
    say(&format!("installed and used: {}", version.trim()));
    Ok(())
}
