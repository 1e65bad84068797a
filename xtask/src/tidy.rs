//! `cargo xtask tidy`: the house rules that no compiler knows.
//!
//! Each check takes what it looks at as values and returns the offences it found, so that its test
//! can plant one. A known offence can be put on the ratchet list (`xtask/ratchet.txt`); an entry
//! that is no longer needed is an offence itself, so the list only gets shorter.

mod floors;
mod links;
mod packages;
mod sizes;
mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, command, metadata, output, root, say};

/// A file of the repository: its path from the root and its text.
pub struct File {
    path: String,
    text: String,
}

impl File {
    /// What follows the last dot: `rs`, `py`, `md`.
    fn kind(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, kind)| kind)
    }
}

/// An offence: a stable key for the ratchet list, and what to tell the reader.
#[derive(Debug, PartialEq)]
pub struct Offence {
    key: String,
    message: String,
}

impl Offence {
    fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

/// Run all checks on the files that git knows or would add.
pub fn run() -> Result<()> {
    let files = files()?;
    let metadata = metadata()?;
    let mut offences = sizes::check(&files);
    offences.extend(words::check(&files));
    offences.extend(links::check(&files));
    offences.extend(floors::check(&metadata));
    offences.extend(packages::licences(&metadata));
    let tree = [
        "tree",
        "--quiet",
        "--workspace",
        "--locked",
        "--duplicates",
        "--depth=0",
        "--prefix=none",
    ];
    offences.extend(packages::duplicates(&output(&mut cargo(&tree))?));
    let ratchet = std::fs::read_to_string(root().join("xtask/ratchet.txt"))
        .context("cannot read xtask/ratchet.txt")?;
    let left = apply_ratchet(offences, &ratchet);
    if left.is_empty() {
        say(&format!("tidy: {} files, nothing to say", files.len()));
        return Ok(());
    }
    for offence in &left {
        eprintln!("{}  [{}]", offence.message, offence.key);
    }
    bail!("tidy found {} offences", left.len())
}

/// All text files that are tracked, or untracked and not ignored.
fn files() -> Result<Vec<File>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = output(&mut command("git", &arguments)).context("tidy asks git for the files")?;
    let paths: BTreeSet<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
    let mut files = Vec::new();
    for path in paths {
        let full: PathBuf = root().join(path);
        // A deleted file is still listed until the deletion is committed; a folder is a submodule.
        let Ok(bytes) = std::fs::read(full) else { continue };
        files.push(File {
            path: path.to_owned(),
            text: String::from_utf8(bytes).unwrap_or_default(),
        });
    }
    Ok(files)
}

/// Take out what the ratchet list allows; add what it allows without need.
fn apply_ratchet(offences: Vec<Offence>, ratchet: &str) -> Vec<Offence> {
    let lines = ratchet.lines().map(str::trim);
    let allowed: BTreeSet<&str> =
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let found: BTreeSet<String> = offences.iter().map(|offence| offence.key.clone()).collect();
    let mut left: Vec<Offence> =
        offences.into_iter().filter(|offence| !allowed.contains(offence.key.as_str())).collect();
    left.extend(allowed.iter().filter(|key| !found.contains(**key)).map(|key| {
        let message = "xtask/ratchet.txt allows what nobody does any more: take the line out";
        Offence::new(format!("ratchet {key}"), message)
    }));
    left
}

#[cfg(test)]
fn file(path: &str, text: impl Into<String>) -> File {
    File { path: path.to_owned(), text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratchet_allows_what_it_lists_and_nothing_else() {
        let offences = || vec![Offence::new("long a.rs", "a"), Offence::new("long b.rs", "b")];
        let left = apply_ratchet(offences(), "# known\nlong a.rs\n");
        assert_eq!(left, vec![Offence::new("long b.rs", "b")]);
    }

    #[test]
    fn the_ratchet_turns_one_way() {
        let left = apply_ratchet(Vec::new(), "long a.rs\n");
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].key, "ratchet long a.rs");
    }
}
