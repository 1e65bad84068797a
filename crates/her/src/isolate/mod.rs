//! A process that locks itself up: what it may still do, and what became of its tries to get out.
//!
//! Four layers, each said to be in force or not: no new privileges, limits, Landlock (files,
//! TCP ports, signals) and seccomp (system calls). Landlock holds the thread that asks for it and
//! those that it starts later, so it comes before all threads; the filter of system calls
//! allows no new thread and comes after them, for all at once. A system without a layer goes on
//! without it and says so.

use std::path::Path;

use serde_json::{Value, json};

pub mod escapes;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod map;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod syscalls;

/// One layer: what is in force, or why it is not, or not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name.
    pub name: &'static str,
    /// True when all of it is in force.
    pub whole: bool,
    /// True when at least a part of it is in force.
    pub holds: bool,
    /// What it does here, or what is missing.
    pub what: String,
}

impl Layer {
    fn whole(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, whole: true, holds: true, what: what.into() }
    }

    #[cfg(target_os = "linux")]
    fn part(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, whole: false, holds: true, what: what.into() }
    }

    fn missing(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, whole: false, holds: false, what: what.into() }
    }

    fn of<E: std::fmt::Display>(name: &'static str, done: Result<String, E>) -> Self {
        match done {
            Ok(what) => Self::whole(name, what),
            Err(why) => Self::missing(name, why.to_string()),
        }
    }
}

/// What a process needs when it is locked up.
#[derive(Debug, Clone, Copy)]
pub struct Needs<'a> {
    /// The only directory that it reads from now on.
    pub dir: &'a Path,
    /// Files and sockets that it may have open.
    pub files: u64,
}

/// The layers that hold a thread and what it starts: called before any thread is started.
pub fn before_threads(needs: Needs<'_>) -> Vec<Layer> {
    #[cfg(target_os = "linux")]
    return linux::before_threads(needs);
    #[cfg(not(target_os = "linux"))]
    {
        let Needs { dir: _, files: _ } = needs;
        ["no_new_privs", "landlock"].map(elsewhere).into()
    }
}

/// The layers that hold every thread of the process: called once all are started.
pub fn after_threads(needs: Needs<'_>) -> Vec<Layer> {
    #[cfg(target_os = "linux")]
    return linux::after_threads(needs);
    #[cfg(not(target_os = "linux"))]
    {
        let Needs { dir: _, files: _ } = needs;
        ["limits", "seccomp"].map(elsewhere).into()
    }
}

#[cfg(not(target_os = "linux"))]
fn elsewhere(name: &'static str) -> Layer {
    Layer::missing(name, "this system is not Linux")
}

/// True when something that stops a process is in force.
pub fn holds(layers: &[Layer]) -> bool {
    layers.iter().any(|layer| layer.holds && matches!(layer.name, "landlock" | "seccomp"))
}

/// In one word: `enforced` when every layer is whole and every try was denied, `none` when neither
/// Landlock nor the filter holds, else `partial`.
pub fn word(layers: &[Layer], tries: &[escapes::Try]) -> &'static str {
    if !holds(layers) {
        return "none";
    }
    let whole = layers.iter().all(|layer| layer.whole) && tries.iter().all(|t| t.denied);
    if whole { "enforced" } else { "partial" }
}

/// What keeps it from being enforced, for people.
pub fn missing(layers: &[Layer], tries: &[escapes::Try]) -> Vec<String> {
    let layers = layers.iter().filter(|layer| !layer.whole);
    let tries = tries.iter().filter(|t| !t.denied);
    layers
        .map(|layer| format!("{}: {}", layer.name, layer.what))
        .chain(tries.map(|t| format!("{}: {}", t.name, t.how)))
        .collect()
}

/// The layers as JSON.
pub fn layers_json(layers: &[Layer]) -> Value {
    let told = layers.iter().map(|layer| {
        let state = match (layer.whole, layer.holds) {
            (true, _) => "in force",
            (false, true) => "in part",
            (false, false) => "missing",
        };
        json!({ "layer": layer.name, "state": state, "what": layer.what })
    });
    told.collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_says_what_is_missing() {
        let tried = |denied| escapes::Try { name: "exec", denied, how: "why".into() };
        let whole = |name| Layer::whole(name, "");
        let all = vec![whole("landlock"), whole("seccomp")];
        assert_eq!(word(&all, &[tried(true)]), "enforced");
        assert_eq!(word(&all, &[tried(true), tried(false)]), "partial");
        assert_eq!(missing(&all, &[tried(false)]), ["exec: why"]);
        let some = vec![whole("seccomp"), Layer::missing("landlock", "this kernel has none")];
        assert_eq!(word(&some, &[tried(true)]), "partial");
        assert_eq!(missing(&some, &[tried(true)]), ["landlock: this kernel has none"]);
        let none = vec![whole("no_new_privs"), Layer::missing("landlock", "")];
        assert_eq!(word(&none, &[tried(true)]), "none");
    }
}
