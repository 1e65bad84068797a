//! The figures of an identity second by second, for an hour or so: what `her gate replay` reads.
//!
//! A first line names the figures, then each line is a time and their numbers, `null` for one that
//! was not read. A record is no promise: lines are not synced, and one that a crash tore is left
//! out by whoever reads.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use her_gate::figures::{COUNT, DECLARED, Figures, find};
use her_identity::format::{GATES_DIR, GATES_VERSION, gate_figures_file, older_file};
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::locks::files;

/// Bytes of a file, beyond which a new one is begun: some 45 minutes.
const BYTES_MAX: u64 = 512 << 10;

/// The open record of an identity.
pub(crate) struct Recorder {
    dir: PathBuf,
    name: String,
    open: Option<(File, u64)>,
}

impl Recorder {
    /// The record of an identity in a data directory; it is opened with its first line.
    pub fn new(data_dir: &Path, identity: &str) -> Self {
        Self { dir: data_dir.join(GATES_DIR), name: gate_figures_file(identity), open: None }
    }

    /// Writes what was read at a time.
    pub fn write(&mut self, now_ms: u64, figures: &Figures) -> Result<()> {
        let path = self.dir.join(&self.name);
        let io = |e| Error::io(format!("writing {}", path.display()), e);
        let (mut file, mut bytes) = match self.open.take() {
            Some((_, bytes)) if bytes >= BYTES_MAX => {
                std::fs::rename(&path, self.dir.join(older_file(&self.name))).map_err(io)?;
                begin(&path).map_err(io)?
            }
            Some(open) => open,
            None => begin(&path).map_err(io)?,
        };
        let mut line = vec![Value::from(now_ms)];
        line.extend((0..COUNT).map(|place| {
            let reading = figures.get(place).filter(|reading| reading.at_ms == now_ms);
            reading.map_or(Value::Null, |reading| reading.value.into())
        }));
        let line = format!("{}\n", Value::Array(line));
        file.write_all(line.as_bytes()).map_err(io)?;
        bytes += line.len() as u64;
        self.open = Some((file, bytes));
        Ok(())
    }
}

/// Opens a file to go on with, with a line that names the figures: those that follow are of this
/// build, whoever wrote those before.
fn begin(path: &Path) -> std::io::Result<(File, u64)> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut file = files::private().create(true).append(true).open(path)?;
    let names: Vec<&str> = DECLARED.iter().map(|figure| figure.name).collect();
    // A line break first: what was torn must not swallow it.
    let head = format!("\n{}\n", json!({ "format": GATES_VERSION, "figures": names }));
    file.write_all(head.as_bytes())?;
    let bytes = file.metadata()?.len();
    Ok((file, bytes))
}

/// The text of an identity's record, the older file first.
pub(crate) fn text(data_dir: &Path, identity: &str) -> Result<String> {
    let name = gate_figures_file(identity);
    let mut text = String::new();
    for name in [older_file(&name), name] {
        let path = data_dir.join(GATES_DIR).join(name);
        match std::fs::read(&path) {
            Ok(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
        }
    }
    Ok(text)
}

/// The times and figures of a record. A figure that was not read stays what it was, so that it
/// grows stale as it did.
pub(crate) fn parse(text: &str) -> Result<Vec<(u64, Figures)>> {
    let mut places: Vec<Option<usize>> = Vec::new();
    let mut figures = Figures::default();
    let mut said = Vec::new();
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(Value::Object(head)) => {
                let format = head.get("format").and_then(Value::as_u64).unwrap_or(0);
                if format > u64::from(GATES_VERSION) {
                    return Err(Error::new(
                        ErrorKind::Unsupported,
                        format!("the figures are of format {format}; a newer her reads them"),
                    ));
                }
                let names = head.get("figures").and_then(Value::as_array);
                let place = |name: &Value| name.as_str().and_then(|name| find(name).ok());
                places = names.map_or_else(Vec::new, |names| names.iter().map(place).collect());
            }
            Ok(Value::Array(line)) => {
                let Some(at_ms) = line.first().and_then(Value::as_u64) else { continue };
                for (place, value) in places.iter().zip(&line[1..]) {
                    if let (Some(place), Some(value)) = (place, value.as_f64()) {
                        figures.put(*place, value, at_ms);
                    }
                }
                said.push((at_ms, figures.clone()));
            }
            _ => {}
        }
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_and_stays_within_its_bounds() {
        let dir = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(dir.path(), "sam");
        let mut figures = Figures::default();
        for second in 0..5_u64 {
            let now_ms = 1_000_000 + second * 1000;
            if second != 3 {
                figures.set("load", second as f64 + 0.1, now_ms).unwrap();
            }
            figures.set("tier", 2.0, now_ms).unwrap();
            recorder.write(now_ms, &figures).unwrap();
        }
        let read = parse(&text(dir.path(), "sam").unwrap()).unwrap();
        assert_eq!(read.len(), 5);
        assert_eq!(read[4], (1_004_000, figures.clone()));
        let load = find("load").unwrap();
        assert_eq!(read[3].1.get(load), read[2].1.get(load), "what was not read stays and ages");

        // A torn line, and a build that knew other figures, are read around.
        let path = dir.path().join(GATES_DIR).join(gate_figures_file("sam"));
        let other = "{\"format\":1,\"figures\":[\"mood\",\"load\"]}\n[1006000,3,7.5]\n[10070";
        let whole = std::fs::read_to_string(&path).unwrap() + other;
        std::fs::write(&path, whole).unwrap();
        let mut recorder = Recorder::new(dir.path(), "sam");
        figures.set("load", 9.0, 1_008_000).unwrap();
        recorder.write(1_008_000, &figures).unwrap();
        let read = parse(&text(dir.path(), "sam").unwrap()).unwrap();
        let loads: Vec<f64> = read[5..].iter().map(|(_, f)| f.get(load).unwrap().value).collect();
        assert_eq!(loads, [7.5, 9.0]);
        assert!(parse("{\"format\":2}").is_err());

        for second in 0..20_000 {
            recorder.write(2_000_000 + second, &figures).unwrap();
        }
        let files: Vec<u64> = std::fs::read_dir(dir.path().join(GATES_DIR))
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().len())
            .collect();
        assert!(files.len() == 2 && files.iter().all(|len| *len < BYTES_MAX + 1_000), "{files:?}");
    }
}
