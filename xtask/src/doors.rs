//! The server's doors, tried by clients that know nothing of us.

use anyhow::Result;

use crate::python::native;
use crate::setup::{Venv, ensure};
use crate::shell::{command, root, run as run_command};

/// Where the tests lie.
const FOLDER: &str = "conformance/doors";

/// Stock clients and schemathesis against `her serve`.
pub fn test() -> Result<()> {
    ensure(Venv::Doors)?;
    pytest(Venv::Doors, FOLDER)
}

/// `cargo xtask mlflow`: the export against a real MLflow server. Its environment is so large
/// that no other check makes it.
pub fn mlflow() -> Result<()> {
    ensure(Venv::Mlflow)?;
    pytest(Venv::Mlflow, "conformance/mlflow")
}

fn pytest(venv: Venv, folder: &str) -> Result<()> {
    let her = native()?;
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder];
    let mut pytest = command(venv.python(), &arguments);
    pytest.current_dir(root()).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.env("PYTHONPATH", FOLDER).env("HER_BIN", her);
    run_command(&mut pytest)
}
