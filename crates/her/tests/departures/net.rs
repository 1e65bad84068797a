//! Two network namespaces with a link between them, and one from each to the test's own, so that
//! either way of either link can be cut alone. Only root may make them.

use std::process::Command;

use super::places::Site;

/// What two nodes call each other; within their namespaces, so nobody else sees it.
const NODES: [&str; 2] = ["198.19.0.1", "198.19.0.2"];
/// An address of the link layer that nobody has.
const NOBODY: &str = "02:00:00:00:00:99";

/// How packets from one node to the other are lost.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    /// Without a word: they go to an address that nobody has. The other way stays open.
    Silent,
    /// By a route that refuses them. The other way stays open.
    Blackhole,
    /// With the link itself, both ways.
    Down,
}

/// The namespaces; dropped, they go.
pub struct Net {
    names: [String; 2],
    /// The outer end of each node's link to the test.
    outer: [String; 2],
    /// The address of each node as the test sees it.
    seen: [String; 2],
}

fn ip(words: &str) {
    let ran = Command::new("ip").args(words.split(' ')).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "ip {words}: {said}");
}

impl Net {
    pub fn new() -> Self {
        let id = std::process::id();
        let third = id % 250;
        let net = Self {
            names: ["a", "b"].map(|name| format!("her-{id}-{name}")),
            outer: ["a", "b"].map(|name| format!("her{}{name}", id % 1_000_000)),
            seen: [2, 6].map(|last| format!("198.18.{third}.{last}")),
        };
        for i in 0..2 {
            let (name, outer, seen) = (&net.names[i], &net.outer[i], &net.seen[i]);
            let gate = format!("198.18.{third}.{}", [1, 5][i]);
            ip(&format!("netns add {name}"));
            ip(&format!("-n {name} link set lo up"));
            ip(&format!("link add {outer} type veth peer name out netns {name}"));
            ip(&format!("addr add {gate}/30 dev {outer}"));
            ip(&format!("link set {outer} up"));
            ip(&format!("-n {name} addr add {seen}/30 dev out"));
            ip(&format!("-n {name} link set out up"));
        }
        let [a, b] = &net.names;
        ip(&format!("-n {a} link add way type veth peer name way netns {b}"));
        for (name, own) in net.names.iter().zip(NODES) {
            ip(&format!("-n {name} addr add {own}/30 dev way"));
            ip(&format!("-n {name} link set way up"));
        }
        net
    }

    pub fn sites(&self) -> [Site; 2] {
        [0, 1].map(|i| Site {
            http: format!("{}:7400", self.seen[i]),
            node: format!("{}:7401", NODES[i]),
            netns: Some(self.names[i].clone()),
            cpu: None,
        })
    }

    /// Cuts the way from a node to the other, or mends it.
    pub fn cut(&self, from: usize, cut: Cut, mend: bool) {
        let (name, to) = (&self.names[from], NODES[1 - from]);
        match (cut, mend) {
            (Cut::Silent, false) => {
                ip(&format!("-n {name} neigh replace {to} lladdr {NOBODY} nud permanent dev way"));
            }
            (Cut::Silent, true) => ip(&format!("-n {name} neigh del {to} dev way")),
            (Cut::Blackhole, false) => ip(&format!("-n {name} route add blackhole {to}/32")),
            (Cut::Blackhole, true) => ip(&format!("-n {name} route del blackhole {to}/32")),
            (Cut::Down, false) => ip(&format!("-n {name} link set way down")),
            (Cut::Down, true) => ip(&format!("-n {name} link set way up")),
        }
    }

    /// Cuts the way from the clients to a node without a word, or mends it. What a node answers
    /// still comes.
    pub fn cut_clients(&self, from_node: usize, mend: bool) {
        let (to, outer) = (&self.seen[from_node], &self.outer[from_node]);
        if mend {
            ip(&format!("neigh del {to} dev {outer}"));
        } else {
            ip(&format!("neigh replace {to} lladdr {NOBODY} nud permanent dev {outer}"));
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in &self.names {
            // A namespace takes its ends of the links with it, and they their other ends.
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}
