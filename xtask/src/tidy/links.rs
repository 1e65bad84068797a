//! Links between our pages lead somewhere, and ARCHITECTURE.md names files that are there.

use std::collections::BTreeSet;

use super::{File, Offence};

/// Relative links of all Markdown files, and every file that ARCHITECTURE.md names.
pub fn check(files: &[File]) -> Vec<Offence> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let pages = files.iter().filter(|file| file.kind() == "md");
    let mut offences: Vec<Offence> = pages.flat_map(|page| dead_links(page, &paths)).collect();
    if let Some(page) = files.iter().find(|file| file.path == "ARCHITECTURE.md") {
        offences.extend(missing_names(page, &paths));
    }
    offences
}

fn dead_links(page: &File, paths: &BTreeSet<&str>) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (i, line) in outside_code(&page.text) {
        for target in link_targets(line) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if elsewhere || file.is_empty() || exists(&resolve(&page.path, file), paths) {
                continue;
            }
            let message = format!("{}:{}: the link to `{target}` is dead", page.path, i + 1);
            offences.push(Offence::new(format!("dead-link {} {target}", page.path), message));
        }
    }
    offences
}

/// Lines with their numbers, without fenced code.
fn outside_code(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((i, line));
        }
    }
    lines
}

/// The targets of `[text](target)` in a line.
fn link_targets(line: &str) -> Vec<&str> {
    let after = line.split("](").skip(1);
    after.filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

/// A path relative to a page, from the root.
fn resolve(page: &str, target: &str) -> String {
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A file, or a folder with files in it.
fn exists(path: &str, paths: &BTreeSet<&str>) -> bool {
    let folder = format!("{}/", path.trim_end_matches('/'));
    path.is_empty() || paths.contains(path) || paths.iter().any(|known| known.starts_with(&folder))
}

/// Words in backticks that look like files, and are none.
fn missing_names(page: &File, paths: &BTreeSet<&str>) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (i, line) in page.text.lines().enumerate() {
        for name in line.split('`').skip(1).step_by(2).filter(|word| looks_like_file(word)) {
            let tail = format!("/{}", name.trim_end_matches('/'));
            let known = exists(name, paths)
                || paths
                    .iter()
                    .any(|path| path.ends_with(&tail) || path.contains(&format!("{tail}/")));
            if !known {
                let message = format!("ARCHITECTURE.md:{}: there is no `{name}`", i + 1);
                offences.push(Offence::new(format!("no-such-file {name}"), message));
            }
        }
    }
    offences
}

fn looks_like_file(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let end = [".rs", ".md", ".toml", ".py", ".json", "/"].iter().any(|end| word.ends_with(end));
    // `target/…` is made by building; a leading slash is a route.
    end && word.chars().all(plain) && !word.starts_with("target/") && !word.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_dead_link_is_caught() {
        let text = "[a](b.md) [c](../README.md#top) [d](https://x.y) [e](#here) [f](gone.md)\n";
        let files = [file("docs/a.md", text), file("docs/b.md", ""), file("README.md", "")];
        let offences = check(&files);
        assert_eq!(offences.len(), 1, "{offences:?}");
        assert_eq!(offences[0].key, "dead-link docs/a.md gone.md");
    }

    #[test]
    fn a_link_to_a_folder_lives_and_code_is_not_read() {
        let text = "[a](docs) [b](docs/)\n```\n[c](gone.md)\n```\n";
        assert!(check(&[file("README.md", text), file("docs/a.md", "")]).is_empty());
    }

    #[test]
    fn a_file_that_architecture_invents_is_caught() {
        let text = "`turn.rs` then `learn/src/gone.rs`, `src/`, `her serve`, `target/x.rs`, `/at/`";
        let files = [file("ARCHITECTURE.md", text), file("crates/identity/src/turn.rs", "")];
        let offences = check(&files);
        assert_eq!(offences.len(), 1, "{offences:?}");
        assert_eq!(offences[0].key, "no-such-file learn/src/gone.rs");
    }
}
