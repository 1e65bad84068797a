//! The Python package's tests.

use anyhow::{Context as _, Result};

use crate::setup::{Venv, ensure};
use crate::shell::{cargo, command, metadata, root, run as run_command};

/// Builds the native core, puts it where Python finds it in the checkout, and builds `her`, whose
/// path this gives. Both at once wherever one is wanted, as the wheel's build does: with the
/// features of one alone, what lies below would be built again.
pub fn native() -> Result<String> {
    let packages = ["--package", "her-python", "--package", "her"];
    let features = ["--features", "her-python/as-tested"];
    run_command(cargo(&["build", "--quiet", "--locked"]).args(packages).args(features))?;
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    let built = format!("{folder}/debug/lib_native.so");
    let placed = root().join("python/heraclitus/_native.abi3.so");
    std::fs::copy(&built, placed).with_context(|| format!("copying {built}"))?;
    Ok(format!("{folder}/debug/her"))
}

/// Where the package lies.
pub const PATH: &str = "python";

/// Its tests and the examples in its docstrings, as it lies in the checkout.
pub fn test() -> Result<()> {
    ensure(Venv::Python)?;
    let her = native()?;
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules"];
    let mut pytest = command(Venv::Python.python(), &arguments);
    pytest.args(["python/tests", "python/heraclitus"]).current_dir(root());
    pytest.env("PYTHONPATH", PATH).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.env("HER_BIN", her);
    run_command(&mut pytest)
}
