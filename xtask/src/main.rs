//! The project's one tool door: `cargo xtask <verb>`. Everything that CI does, a developer does
//! with the same words.

mod bench;
mod book;
mod conformance;
mod data;
mod demo;
mod doors;
mod generate;
mod hash;
mod language;
mod page;
mod python;
mod river_suite;
mod sbom;
mod setup;
mod shell;
mod suite;
mod tidy;
mod wheel;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <verb>

  setup [conformance|peers|python|river-suite|page|book|doors|mlflow|capymoa|averages|all]
                                  make the virtual environments that tests and benches need
  data                            fetch the pinned streams and models into target/data
  data streams                    fetch the texts that the language model is measured with
  test [--fast]                   all checks, as CI runs them; --fast leaves the slow ones out
  demo [args of `her demo`]       fetch the streams, build the release binary, run the demo
  bench [--rounds N] [case…]      peers and ours side by side, as ratios, into bench/results
  generate [--check]              the Python classes, from the catalogue
  book                            books, opened with skopeo, safetensors and Arrow
  page                            look at the page in Chromium; pictures into target/page
  wheel                           the Python package as one wheel, into target/wheels
  sbom                            what the binary is built of, as CycloneDX, into target/sbom
  tidy                            floors, sizes, words, links, licences
  conformance [--check|--record]  compare River's answers with the recordings, or record them anew
  mlflow                          `her export` against a real MLflow server; not part of `test`
  river-suite [--check|--update|--baseline|--prove]
                                  River's own tests on our Python package, with a report
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("setup") => setup::run(rest),
        Some("data") if rest == ["streams"] => language::streams(),
        Some("data") => {
            refuse_arguments("data", rest)?;
            data::fetch()?;
            language::fetch()
        }
        Some("sbom") => {
            refuse_arguments("sbom", rest)?;
            sbom::write()
        }
        Some("test") => suite::run(rest),
        Some("demo") => demo::run(rest),
        Some("bench") => bench::run(rest),
        Some("book") => {
            refuse_arguments("book", rest)?;
            book::test()
        }
        Some("page") => {
            refuse_arguments("page", rest)?;
            page::test()
        }
        Some("wheel") => {
            refuse_arguments("wheel", rest)?;
            wheel::build().map(|_| ())
        }
        Some("generate") => generate::run(rest),
        Some("tidy") => {
            refuse_arguments("tidy", rest)?;
            tidy::run()
        }
        Some("conformance") => conformance::run(rest),
        Some("mlflow") => {
            refuse_arguments("mlflow", rest)?;
            doors::mlflow()
        }
        Some("river-suite") => river_suite::run(rest),
        None | Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => bail!("there is no verb {other:?}\n\n{USAGE}"),
    }
}

fn refuse_arguments(verb: &str, rest: &[String]) -> Result<()> {
    match rest.first() {
        Some(first) => bail!("`{verb}` takes no arguments, but was given {first:?}"),
        None => Ok(()),
    }
}
