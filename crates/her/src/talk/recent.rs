//! What was said lately, from the journal.

use her_identity::{House, Result};
use her_lm::Message;
use serde_json::Value;

/// Events of the journal's end in which a conversation is looked for.
pub const LOOK_BACK: u64 = 512;

/// The conversation of the terminal and of the page, which is one.
pub const CONVERSATION: &str = "talk";

/// What was said in a conversation, from lines of a log in their order.
pub fn said(log: &[Value], conversation: &str) -> Vec<Message> {
    let mut said: Vec<Message> = Vec::new();
    let mut goes_on = false;
    for event in log {
        let x = &event["x"];
        let (Some(role), Some(text)) = (x["role"].as_str(), x["text"].as_str()) else { continue };
        if x["conversation"] != conversation {
            continue;
        }
        let corrects = role == "assistant" && x["learn"] == 1.0;
        match said.last_mut().filter(|last| last.role == role) {
            Some(last) if goes_on => last.content += text,
            Some(last) if corrects => text.clone_into(&mut last.content),
            _ => said.push(Message::new(role, text)),
        }
        // A long message is several events; see `talk::turn`.
        goes_on = event["client"].as_str().is_some_and(|client| client.contains('/'));
    }
    said
}

/// The newest events of an identity.
pub fn log(house: &House, name: &str) -> Result<Vec<Value>> {
    let from = house.head(name)?.seq.saturating_sub(LOOK_BACK - 1).max(1);
    house.log(name, from, LOOK_BACK as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pieces_are_put_together_and_corrections_count() {
        let line = |role: &str, text: &str, learn: f64, client: &str| {
            json!({ "client": client, "x": {
                "role": role, "text": text, "conversation": "c", "learn": learn,
            } })
        };
        let log = [
            json!({ "event": "born" }),
            line("user", "a long", 1.0, "k/0"),
            line("user", " one", 1.0, "k"),
            line("assistant", "A", 0.0, "k"),
            line("assistant", "B", 1.0, "k"),
            line("user", "x", 1.0, "l"),
            line("user", "y", 1.0, "m"),
            json!({ "x": { "text": "plain", "conversation": "c" } }),
        ];
        let want = [("user", "a long one"), ("assistant", "B"), ("user", "x"), ("user", "y")];
        assert_eq!(said(&log, "c"), want.map(|(role, text)| Message::new(role, text)));
        assert_eq!(said(&log, "d"), []);
    }
}
