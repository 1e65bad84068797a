//! Programs that are told of a decision: one POST, with a time limit.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::client::trust;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Posts JSON; `key` is the same for the same decision, so that whoever hears twice can tell.
pub(super) fn post(url: &str, key: &str, body: &Value) -> Result<String, String> {
    let config = Agent::config_builder()
        .tls_config(trust::of_machine(url))
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .build();
    let agent: Agent = config.into();
    let request =
        agent.post(url).header("content-type", "application/json").header("idempotency-key", key);
    let answer = request.send(body.to_string()).map_err(|e| format!("no answer: {e}"))?;
    let status = answer.status().as_u16();
    let said = format!("the answer is {status}");
    if (200..300).contains(&status) { Ok(said) } else { Err(said) }
}
