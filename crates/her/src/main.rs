//! `her`: models that never stop learning, from the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    her::cli::main()
}
