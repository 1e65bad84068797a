//! A spec from the command line: inline JSON, or a file of TOML or JSON.

use std::path::Path;

use her_identity::{Error, Result};
use serde_json::Value;

/// Reads `--spec`.
pub fn read(given: &str) -> Result<Value> {
    let inline = given.trim_start();
    if inline.starts_with(['{', '[', '"']) {
        return serde_json::from_str(inline)
            .map_err(|e| Error::invalid(format!("the spec is no JSON: {e}")));
    }
    let path = Path::new(given);
    let text = std::fs::read_to_string(path).map_err(|e| {
        let error = Error::io(format!("reading the spec {given}"), e);
        let remedy = "a spec is a file of TOML or JSON, or JSON itself such as '\"Name\"' or '[…]'";
        Error::new(error.kind, format!("{}; {remedy}", error.message))
    })?;
    let toml = |text: &str| -> Result<Value> {
        toml::from_str(text).map_err(|e| {
            Error::invalid(format!("{given} is no TOML: {}", e.to_string().trim_end()))
        })
    };
    match path.extension().and_then(|e| e.to_str()) {
        Some("toml") => toml(&text),
        Some("json") => serde_json::from_str(&text)
            .map_err(|e| Error::invalid(format!("{given} is no JSON: {e}"))),
        _ => serde_json::from_str(&text).or_else(|_| toml(&text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_toml_and_inline() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("spec.toml");
        let text =
            "model = ['StandardScaler', {LogisticRegression = {l2 = 0.1}}]\nshadow_after = 9";
        std::fs::write(&file, text).unwrap();
        let wanted = json!({"model": ["StandardScaler", {"LogisticRegression": {"l2": 0.1}}],
                            "shadow_after": 9});
        assert_eq!(read(file.to_str().unwrap()).unwrap(), wanted);
        assert_eq!(read(" [\"A\"]").unwrap(), json!(["A"]));
        assert!(read("[1,").unwrap_err().to_string().starts_with("the spec is no JSON"));
        let missing = read("no-such-spec").unwrap_err();
        assert_eq!(missing.kind, her_identity::ErrorKind::NotFound);
        assert!(missing.to_string().contains("a spec is a file of TOML or JSON"));
    }
}
