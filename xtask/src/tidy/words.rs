//! Words that do not belong in what we hand over: reminders to ourselves, paths of one machine.

use super::{File, Offence};

/// Put together here, so that this file does not offend itself.
const REMINDERS: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("dbg", "!(")];
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp/", "wt")];

/// Reminders in sources, machine paths everywhere.
pub fn check(files: &[File]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in files {
        let source = ["rs", "py", "toml", "sh"].contains(&file.kind());
        for (i, line) in file.text.lines().enumerate() {
            let place = format!("{}:{}", file.path, i + 1);
            if let Some(word) = REMINDERS.iter().find(|word| source && line.contains(**word)) {
                let message = format!("{place}: `{word}`: do it, or file an issue");
                offences.push(Offence::new(format!("reminder {}", file.path), message));
            }
            if let Some(path) = MACHINE_PATHS.iter().find(|path| line.contains(**path)) {
                let message = format!("{place}: `{path}` exists on one machine only");
                offences.push(Offence::new(format!("machine-path {}", file.path), message));
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn every_reminder_is_caught_in_sources() {
        for word in REMINDERS {
            let offences = check(&[file("a.rs", format!("x\n// {word}\n")), file("b.md", *word)]);
            assert_eq!(offences.len(), 1, "{word}");
            assert!(offences[0].message.starts_with("a.rs:2"), "{}", offences[0].message);
        }
    }

    #[test]
    fn every_machine_path_is_caught_everywhere() {
        for path in MACHINE_PATHS {
            assert_eq!(check(&[file("a.md", format!("see {path}x"))]).len(), 1, "{path}");
        }
        assert!(check(&[file("a.md", "the workspace's root, /tmp/x")]).is_empty());
    }
}
