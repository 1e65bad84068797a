//! Books, opened with the tools of others: skopeo, and Python's safetensors and Arrow.

use anyhow::{Context as _, Result, bail};

use crate::setup::{Venv, ensure};
use crate::shell::{command, debian, metadata, root, run as run_command, say, target, works};
use crate::suite::whole;

const FOLDER: &str = "conformance/book";

/// Writes two editions of a small book and lets strangers read them. Where there is no skopeo its
/// tests are left out and it is said; CI installs it.
pub fn test() -> Result<()> {
    ensure(Venv::Book)?;
    let has_skopeo = || works(&mut command("skopeo", &["--version"]));
    let must = std::env::var_os("CI").is_some();
    if !has_skopeo() && must {
        debian(&["skopeo"])?;
    }
    let books = target().join("books");
    if books.exists() {
        std::fs::remove_dir_all(&books)?;
    }
    run_command(whole("build").args(["--example", "small"]))?;
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    run_command(command(format!("{folder}/debug/examples/small"), &[]).arg(&books))?;
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", FOLDER, FOLDER];
    let mut pytest = command(Venv::Book.python(), &arguments);
    pytest.current_dir(root()).env("PYTHONDONTWRITEBYTECODE", "1").env("HER_BOOKS", &books);
    if !has_skopeo() {
        if must {
            bail!("skopeo is installed and does not start");
        }
        say("3 tests left out: skopeo is not installed (on Debian: apt install skopeo)");
        pytest.args(["-m", "not skopeo"]);
    }
    run_command(&mut pytest)
}
