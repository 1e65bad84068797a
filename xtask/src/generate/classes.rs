//! One Python class per row of the catalogue.

use std::fmt::Write as _;

use her_learn::catalog::{Entry, Kind, ParamDoc};
use serde_json::Value;

use super::River;

/// The beginning of the table of classes.
pub const TABLE_HEAD: &str = "\"\"\"Which module a class is in. Generated: `cargo xtask generate`.\"\"\"\n\n\
     MODULES: dict[str, str] = {\n";

const HEAD: &str = "Generated from the catalogue: `cargo xtask generate`.";

/// What metrics of labels take beside the catalogue's parameters.
const SHARED: ParamDoc = ParamDoc {
    name: "cm",
    ty: "ConfusionMatrix",
    doc: "A confusion matrix to share with other metrics.\n",
};

/// A parameter as Python has it.
pub struct Param {
    pub doc: &'static ParamDoc,
    /// As in a type annotation.
    pub hint: String,
    /// As written behind `=`; none when it must be given.
    pub default: Option<String>,
    pub keyword: bool,
    pub list: bool,
}

/// The parameters of a class, in River's order where River has them.
pub fn params(entry: &Entry, river: &River) -> Vec<Param> {
    let defaults = (entry.defaults)();
    let mut params: Vec<Param> = entry
        .params
        .iter()
        .map(|doc| {
            let said = river.param(entry, doc.name);
            let required = said["required"] == true;
            Param {
                doc,
                hint: hint(doc),
                default: (!required).then(|| default(doc, &defaults[doc.name])),
                keyword: said["keyword"] == true,
                list: said["list"] == true,
            }
        })
        .collect();
    if !river.param(entry, "cm").is_null() {
        let hint = "metrics_base.ClassificationMetric | None".into();
        let default = Some("None".into());
        params.push(Param { doc: &SHARED, hint, default, keyword: false, list: false });
    }
    if let Some(order) = river.order(entry) {
        let place = |p: &Param| order.iter().position(|n| *n == p.doc.name).unwrap_or(order.len());
        params.sort_by_key(place);
    }
    params
}

fn hint(doc: &ParamDoc) -> String {
    let ty = doc.ty.replace(' ', "");
    let inner = ty.strip_prefix("Option<").and_then(|t| t.strip_suffix('>'));
    let plain = match inner.unwrap_or(&ty) {
        "bool" => "bool",
        "f64" => "float",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i64" | "i32" => "int",
        "String" => "str",
        "LearningRate" => "float | optim.base.Scheduler",
        "Loss" => "optim.base.Loss | None",
        "Initializer" => "optim.base.Initializer | None",
        "Spec" if doc.name == "optimizer" => "optim.base.Optimizer | None",
        "Spec" => "base.Base | None",
        "Vec<f64>" => "typing.Iterable[float]",
        "Vec<String>" | "Vec<Spec>" => "typing.Iterable[typing.Any]",
        "PosVal" => "bool | int | str",
        _ => "typing.Any",
    };
    if inner.is_some() && plain != "typing.Any" { format!("{plain} | None") } else { plain.into() }
}

/// True for parameters whose default is an object: `None` stands for it in the signature.
fn is_object(doc: &ParamDoc) -> bool {
    matches!(doc.ty, "Spec" | "Loss" | "Initializer")
}

fn default(doc: &ParamDoc, value: &Value) -> String {
    if is_object(doc) || value.is_object() {
        return "None".into();
    }
    if doc.ty == "Dtype" {
        return value.as_str().unwrap_or("bool").into();
    }
    literal(value)
}

/// A value as Python writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => format!("{s:?}"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("({}{})", items.join(", "), if items.len() == 1 { "," } else { "" })
        }
        Value::Object(map) => {
            let items: Vec<String> =
                map.iter().map(|(k, v)| format!("{k:?}: {}", literal(v))).collect();
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// The class under a kind.
pub fn native(kind: Kind) -> &'static str {
    match kind {
        Kind::Transformer => "Transformer",
        Kind::Classifier | Kind::Wrapper => "Classifier",
        Kind::Regressor => "Regressor",
        Kind::AnomalyDetector => "AnomalyDetector",
        Kind::Clusterer => "Clusterer",
        Kind::DriftDetector => "DriftDetector",
        Kind::Univariate => "Univariate",
        Kind::Optimizer => "Optimizer",
        Kind::Metric => "Metric",
    }
}

/// The text of a module.
pub fn module(name: &str, entries: &[&'static Entry], river: &River) -> String {
    let mut out = format!("\"\"\"River's `{name}`. {HEAD}\"\"\"\n\n");
    out.push_str("from __future__ import annotations\n\nimport typing\n\n");
    out.push_str("from .. import _kinds, base\nfrom .._mixins import mixed\n");
    let family = name.split('.').next().unwrap_or(name);
    if matches!(family, "optim" | "stats" | "metrics") {
        let _ = writeln!(out, "from ..{family} import base as {family}_base");
    }
    if family != "optim" {
        out.push_str("\nif typing.TYPE_CHECKING:\n    from .. import optim\n");
    }
    out.push_str("\n__all__ = [\n");
    let mut names: Vec<&str> = entries.iter().map(|e| e.name).collect();
    names.sort_unstable();
    for name in names {
        let _ = writeln!(out, "    \"{name}\",");
    }
    out.push_str("]\n");
    for entry in entries {
        class(&mut out, entry, river);
    }
    out
}

fn class(out: &mut String, entry: &'static Entry, river: &River) {
    let params = params(entry, river);
    let bases: Vec<String> = river.bases(entry).iter().map(|b| local(b)).collect();
    let native = native(entry.kind);
    let _ = writeln!(out, "\n\n@mixed");
    let _ = writeln!(out, "class {}(_kinds.{native}, {}):", entry.name, bases.join(", "));
    docstring(out, entry, &params);
    let _ = writeln!(out, "\n    _entry = \"{}\"", entry.name);
    tables(out, entry, &params);
    if params.is_empty() {
        out.push_str("\n    def __init__(self) -> None:\n        self._start()\n");
        return;
    }
    out.push_str("\n    def __init__(\n        self,\n");
    arguments(out, &params, "        ");
    out.push_str("    ) -> None:\n        self._start(\n");
    for p in &params {
        let _ = writeln!(out, "            {0}={0},", p.doc.name);
    }
    out.push_str("        )\n");
}

/// `stats.base.Univariate` as the module knows it.
pub fn local(base: &str) -> String {
    match base.split_once(".base.") {
        Some((family, name)) => format!("{family}_base.{name}"),
        None => base.to_owned(),
    }
}

/// The parameters of a signature, one a line.
pub fn arguments(out: &mut String, params: &[Param], indent: &str) {
    let mut keyword = false;
    for p in params {
        if p.list {
            let _ = writeln!(out, "{indent}*{}: typing.Any,", p.doc.name);
            keyword = true;
            continue;
        }
        if p.keyword && !keyword {
            let _ = writeln!(out, "{indent}*,");
            keyword = true;
        }
        let default = p.default.as_ref().map(|d| format!(" = {d}")).unwrap_or_default();
        let _ = writeln!(out, "{indent}{}: {}{default},", p.doc.name, p.hint);
    }
}

fn docstring(out: &mut String, entry: &Entry, params: &[Param]) {
    let _ = writeln!(out, "    \"\"\"{}.", entry.summary.trim_end_matches('.'));
    if !params.is_empty() {
        out.push_str("\n    Parameters\n    ----------\n");
    }
    for p in params {
        let _ = writeln!(out, "    {}", p.doc.name);
        for line in p.doc.doc.lines().filter(|l| !l.trim().is_empty()) {
            let line = line.trim().replace('\\', "\\\\");
            let _ = writeln!(out, "        {line}");
        }
    }
    out.push_str("\n    \"\"\"\n");
}

/// What the shell has to know of some parameters.
fn tables(out: &mut String, entry: &Entry, params: &[Param]) {
    let defaults = (entry.defaults)();
    let objects: Vec<String> = params
        .iter()
        .filter(|p| is_object(p.doc) && p.default.is_some())
        .map(|p| format!("\"{}\": {}", p.doc.name, literal(&defaults[p.doc.name])))
        .collect();
    if !objects.is_empty() {
        out.push_str("    _objects: typing.ClassVar = {\n");
        for object in objects {
            let _ = writeln!(out, "        {object},");
        }
        out.push_str("    }\n");
    }
    let rates = params.iter().filter(|p| p.doc.ty == "LearningRate");
    let rates: Vec<String> = rates.map(|p| format!("\"{}\"", p.doc.name)).collect();
    if !rates.is_empty() {
        let _ = writeln!(out, "    _rates: typing.ClassVar = ({},)", rates.join(", "));
    }
}
