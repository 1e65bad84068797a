//! The Python package's tests.

use anyhow::{Context as _, Result};

use crate::setup::{Venv, ensure};
use crate::shell::{cargo, command, metadata, root, run as run_command};

/// Builds the native core and puts it where Python finds it in the checkout.
pub fn native() -> Result<()> {
    run_command(&mut cargo(&["build", "--quiet", "--locked", "--package", "her-python"]))?;
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    let built = format!("{folder}/debug/lib_native.so");
    let placed = root().join("python/heraclitus/_native.abi3.so");
    std::fs::copy(&built, placed).with_context(|| format!("copying {built}"))?;
    Ok(())
}

/// Its tests and the examples in its docstrings, as it lies in the checkout.
pub fn test() -> Result<()> {
    ensure(Venv::Python)?;
    native()?;
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules"];
    let mut pytest = command(Venv::Python.python(), &arguments);
    pytest.args(["python/tests", "python/heraclitus"]).current_dir(root());
    pytest.env("PYTHONPATH", "python").env("PYTHONDONTWRITEBYTECODE", "1");
    run_command(&mut pytest)
}
