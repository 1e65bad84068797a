//! The type stubs of the generated classes.

use std::fmt::Write as _;

use her_learn::catalog::Entry;

use super::River;
use super::classes::{arguments, local, native, params};

/// The stub of a module.
pub fn module(name: &str, entries: &[&'static Entry], river: &River) -> String {
    let mut out = String::from("import typing\n\nfrom .. import _kinds, base, optim\n");
    let family = name.split('.').next().unwrap_or(name);
    if matches!(family, "optim" | "stats" | "metrics") {
        let _ = writeln!(out, "from ..{family} import base as {family}_base");
    }
    for entry in entries {
        let bases: Vec<String> = river.bases(entry).iter().map(|b| local(b)).collect();
        let (class, native) = (entry.name, native(entry.kind));
        let _ = writeln!(out, "\nclass {class}(_kinds.{native}, {}):", bases.join(", "));
        let params = params(entry, river);
        for p in &params {
            let _ = writeln!(out, "    {}: {}", p.doc.name, p.hint);
        }
        out.push_str("    def __init__(\n        self,\n");
        arguments(&mut out, &params, "        ");
        out.push_str("    ) -> None: ...\n");
    }
    out
}
