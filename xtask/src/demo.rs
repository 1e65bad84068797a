//! `cargo xtask demo`: the streams, the release binary, `her demo`.

use anyhow::{Context, Result};

use crate::data;
use crate::shell::{cargo, command, metadata, run as run_command, say};

/// Run `her demo` on the real streams; arguments are passed on.
pub fn run(arguments: &[String]) -> Result<()> {
    let synthetic = arguments.iter().any(|argument| argument == "--synthetic");
    if !synthetic {
        data::fetch()?;
    }
    let her = release_binary()?;
    let mut demo = command(her, &["demo"]);
    if !synthetic {
        demo.arg("--data").arg(data::shown());
    }
    demo.args(arguments);
    become_program(&mut demo)
}

/// Build `her` as it is released; its path.
pub fn release_binary() -> Result<String> {
    say("building the release binary");
    run_command(&mut cargo(&["build", "--release", "--locked", "--package", "her"]))?;
    let metadata = metadata()?;
    let target = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    Ok(format!("{target}/release/her"))
}

/// Hand the process over, so that Ctrl-C reaches `her` alone and its exit code is ours.
#[cfg(unix)]
fn become_program(program: &mut std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(program.exec()).context("cannot start her")
}

#[cfg(not(unix))]
fn become_program(program: &mut std::process::Command) -> Result<()> {
    run_command(program)
}
