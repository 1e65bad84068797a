//! Named points of a departure at which a process can be made to end or to stand still, for tests
//! between real processes. Only with the feature `testing`: no other build has a point in it.
//!
//! `HER_FAULTS` names a file, in which each line arms a point: `source:Commit kill`. A process
//! that reaches an armed point takes the line out, appends it to the file of the same name with
//! the extension `hit`, and then kills or stops itself. So a test arms processes that run
//! already, and sees whether a point was reached at all.

use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

/// This process reaches a point.
pub fn at(point: &str) {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let file = FILE.get_or_init(|| std::env::var_os("HER_FAULTS").map(PathBuf::from));
    let Some(file) = file else { return };
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(armed) = std::fs::read_to_string(file) else { return };
    let is_it = |line: &&str| line.split(' ').next() == Some(point);
    let Some(line) = armed.lines().find(is_it) else { return };
    let signal = if line.ends_with(" kill") { Signal::KILL } else { Signal::STOP };
    hit(file, &armed, line).expect("the file of faults is a test's own");
    // A process may always signal itself.
    let _ = kill_process(getpid(), signal);
    // A stop may be taken by another thread first; this one must not go on before it.
    std::thread::sleep(Duration::from_millis(20));
}

/// The first word of a step or a question: its name, whatever it carries.
pub fn name(of: &dyn Debug) -> String {
    let mut name = FirstWord(String::new());
    // It ends where the first word does.
    let _ = write!(name, "{of:?}");
    name.0
}

fn hit(file: &Path, armed: &str, line: &str) -> std::io::Result<()> {
    let rest: Vec<&str> = armed.lines().filter(|other| *other != line).collect();
    std::fs::write(file, rest.join("\n"))?;
    let hits = file.with_extension("hit");
    let mut hits = std::fs::OpenOptions::new().create(true).append(true).open(hits)?;
    writeln!(hits, "{line}")
}

/// Takes letters until something else comes.
struct FirstWord(String);

impl std::fmt::Write for FirstWord {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric());
        self.0.push_str(&text[..end.unwrap_or(text.len())]);
        if end.is_some() { Err(std::fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::Next;

    #[test]
    fn a_point_is_named_by_its_first_word() {
        assert_eq!(name(&Next::Commit { epoch: 5 }), "Commit");
        assert_eq!(name(&Next::Hello), "Hello");
    }

    #[test]
    fn a_point_that_is_hit_is_armed_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("faults");
        let armed = "source:Seal stop\nregister:Written kill";
        hit(&file, armed, "source:Seal stop").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "register:Written kill");
        let hits = std::fs::read_to_string(dir.path().join("faults.hit")).unwrap();
        assert_eq!(hits, "source:Seal stop\n");
    }
}
