//! `cargo xtask page`: the page in a real browser, by Playwright and Debian's Chromium.

use std::path::Path;

use anyhow::{Result, bail};

use crate::python::native;
use crate::setup::{Venv, ensure};
use crate::shell::{command, debian, root, run as run_command, say, target};

/// Where Debian puts it; another one can be named by `HER_CHROMIUM`.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Look at every page, and leave the pictures in `target/page`.
pub fn test() -> Result<()> {
    let chromium = std::env::var("HER_CHROMIUM").unwrap_or_else(|_| CHROMIUM.to_owned());
    let ci = std::env::var_os("CI").is_some();
    if !Path::new(&chromium).exists() {
        if !ci {
            say(&format!(
                "the page is left out: there is no {chromium}; install Chromium (on Debian: apt \
                 install chromium), or name one with HER_CHROMIUM"
            ));
            return Ok(());
        }
        // A new CI machine has no browser; Debian's package brings one.
        debian(&["chromium", "fonts-dejavu-core"])?;
        if !Path::new(&chromium).exists() {
            bail!("CI must look at the page, but there is no {chromium}");
        }
    }
    ensure(Venv::Page)?;
    let her = native()?;
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "crates/her/tests/page"];
    let mut pytest = command(Venv::Page.python(), &arguments);
    pytest.current_dir(root()).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.env("HER_BIN", her).env("HER_CHROMIUM", chromium);
    pytest.env("HER_PAGE_SHOTS", target().join("page"));
    run_command(&mut pytest)?;
    say("target/page: a picture of every page");
    Ok(())
}
