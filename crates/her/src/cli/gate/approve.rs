//! `her gate approve`: an operator's yes.

use her_identity::{Error, Result};
use serde_json::Value;

use super::super::context::Context;

/// Say yes to what a gate asks for
#[derive(clap::Args)]
pub struct Args {
    /// The identity
    name: String,
    /// The gate; may be left out when only one asks
    #[arg(long, value_name = "GATE")]
    gate: Option<String>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let gate = match &args.gate {
        Some(gate) => gate.clone(),
        None => the_one_that_asks(&args.name, &door.gates_of(&args.name, 0)?)?,
    };
    let said = door.approve(&args.name, &gate)?;
    cx.answer(&said, || format!("{gate} may do to {} what it asked for\n", args.name))
}

fn the_one_that_asks(name: &str, said: &Value) -> Result<String> {
    let gates = said["gates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asks = |gate: &&Value| gate["decision"]["decision"] == "ASKED" && gate["approved"] == false;
    let asking: Vec<&str> =
        gates.iter().filter(asks).filter_map(|gate| gate["name"].as_str()).collect();
    match asking[..] {
        [gate] => Ok(gate.to_owned()),
        [] => Err(Error::invalid(format!(
            "no gate asks for {name:?}; `her gate explain {name}` tells why"
        ))),
        _ => Err(Error::invalid(format!("several ask: say --gate {}", asking.join(" or --gate ")))),
    }
}
