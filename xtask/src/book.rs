//! Books, opened with the tools of others: skopeo, and Python's safetensors and Arrow.

use anyhow::{Result, bail};

use crate::setup::{Venv, ensure};
use crate::shell::{cargo, command, debian, root, run as run_command, say, target, works};

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
    let arguments = ["run", "--quiet", "--locked", "-p", "her-book", "--example", "small", "--"];
    run_command(cargo(&arguments).arg(&books))?;
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
