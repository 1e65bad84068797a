//! Files and functions that a reader can hold in mind; lines that fit beside each other.

use super::{File, Offence};

const FILE_LINES: usize = 800;
const FUNCTION_LINES: usize = 100;
const LINE_WIDTH: usize = 100;

/// Sizes of Rust and Python sources.
pub fn check(files: &[File]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in files {
        let rust = file.kind() == "rs";
        // What `cargo xtask generate` wrote is read in the catalogue.
        let generated = file.path.contains("/_generated/");
        if generated || (!rust && file.kind() != "py") {
            continue;
        }
        let lines = file.text.lines().count();
        if lines > FILE_LINES {
            let message = format!("{}: {lines} lines; {FILE_LINES} is the limit", file.path);
            offences.push(Offence::new(format!("file-lines {}", file.path), message));
        }
        offences.extend(wide_lines(file));
        if rust {
            offences.extend(long_functions(file));
        }
    }
    offences
}

fn wide_lines(file: &File) -> Vec<Offence> {
    let wide = file.text.lines().enumerate().filter(|(_, line)| {
        // A link cannot be broken; nor does rustfmt break what a test gives as one string.
        let unbroken = line.contains("://") || (is_rust(&file.path) && is_string(line));
        line.chars().count() > LINE_WIDTH && !unbroken
    });
    let offence = |(i, line): (usize, &str)| {
        let width = line.chars().count();
        let message =
            format!("{}:{}: {width} columns; {LINE_WIDTH} is the limit", file.path, i + 1);
        Offence::new(format!("line-width {}", file.path), message)
    };
    wide.map(offence).collect()
}

fn is_rust(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|e| e == "rs")
}

/// True when a line of Rust is wide for the sake of a string literal.
fn is_string(line: &str) -> bool {
    !line.trim_start().starts_with("//") && line.contains('"')
}

/// Functions from `fn` to the brace that closes them, found by rustfmt's indentation.
fn long_functions(file: &File) -> Vec<Offence> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut offences = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let Some(length) = lines[start..].iter().position(|line| *line == close) else { continue };
        // A signature without a body, in a trait, would otherwise reach to somebody else's brace.
        let body = lines[start..].iter().position(|line| line.trim_end().ends_with(['{', ';']));
        if body.is_none_or(|at| lines[start + at].trim_end().ends_with(';')) {
            continue;
        }
        let length = length + 1;
        if length > FUNCTION_LINES {
            let (path, line) = (&file.path, start + 1);
            let message = format!(
                "{path}:{line}: `{name}` has {length} lines; {FUNCTION_LINES} is the limit"
            );
            offences.push(Offence::new(format!("function-lines {path} {name}"), message));
        }
    }
    offences
}

/// The name, when a line begins a function.
fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    loop {
        let (word, after) = rest.split_once(' ')?;
        match word {
            "fn" => return after.split(['(', '<']).next(),
            "pub" | "pub(crate)" | "pub(super)" | "const" | "async" | "unsafe" => rest = after,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn keys(path: &str, text: String) -> Vec<String> {
        check(&[file(path, text)]).into_iter().map(|offence| offence.key).collect()
    }

    #[test]
    fn a_long_file_is_caught() {
        assert_eq!(keys("a.rs", "\n".repeat(801)), ["file-lines a.rs"]);
        assert!(keys("python/heraclitus/_generated/a.py", "\n".repeat(801)).is_empty());
        assert!(keys("a.rs", "\n".repeat(800)).is_empty());
        assert!(keys("a.md", "\n".repeat(801)).is_empty());
    }

    #[test]
    fn a_wide_line_is_caught() {
        assert_eq!(keys("a.py", "x".repeat(101)), ["line-width a.py"]);
        assert!(keys("a.py", "é".repeat(100)).is_empty());
        assert!(keys("a.rs", format!("// https://{}", "x".repeat(100))).is_empty());
        assert!(keys("a.rs", format!("    f(\"{}\");", "x".repeat(100))).is_empty());
        assert_eq!(keys("a.rs", format!("// \"{}\"", "x".repeat(100))), ["line-width a.rs"]);
    }

    #[test]
    fn a_long_function_is_caught() {
        let body = "        x;\n".repeat(99);
        let method = format!("impl A {{\n    pub const fn long(\n    ) {{\n{body}    }}\n}}\n");
        assert_eq!(keys("a.rs", method), ["function-lines a.rs long"]);
        let fine = format!("pub fn short<T>() {{\n{}}}\n", "    x;\n".repeat(98));
        assert!(keys("a.rs", fine).is_empty());
    }

    #[test]
    fn a_signature_in_a_trait_has_no_length() {
        let text =
            format!("trait A {{\n    fn a();\n{}    fn b() {{\n    }}\n}}\n", "\n".repeat(200));
        assert!(keys("a.rs", text).is_empty());
    }
}
