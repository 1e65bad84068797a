//! What guides are run with: their commands by a shell that finds the real binary, and servers that
//! end with the test.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::support::Place;

/// Servers that were started; dropped, they end.
pub struct Servers(pub Vec<Child>);

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A line of a guide.
pub fn command(place: &Place, line: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_her"));
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(place.dir.path()).stdin(Stdio::null());
    command.env("PATH", format!("{}:{path}", binary.parent().unwrap().display()));
    for variable in ["HER_TOKEN", "HER_URL", "HER_CONFIG", "HER_CA", "HER_DATA_DIR"] {
        command.env_remove(variable);
    }
    command
}
