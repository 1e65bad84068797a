//! The Python package's tests.

use anyhow::Result;

use crate::setup::{Venv, ensure};
use crate::shell::{command, root, run as run_command};

/// Where the package lies.
pub const PATH: &str = "python";

/// Its tests and the examples in its docstrings, as it lies in the checkout.
pub fn test() -> Result<()> {
    ensure(Venv::Python)?;
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules"];
    let mut pytest = command(Venv::Python.python(), &arguments);
    pytest.args(["python/tests", "python/heraclitus"]).current_dir(root());
    pytest.env("PYTHONPATH", PATH).env("PYTHONDONTWRITEBYTECODE", "1");
    run_command(&mut pytest)
}
