//! An event of a language identity: what was said, by whom, in which conversation.

use her_learn::features::{Context, Features};

use crate::bases::Shared;
use crate::chat::{Chat, Message};
use crate::error::{Error, Result, wrong};

/// The longest text of one event, in bytes: some thousand tokens, which take seconds to learn.
pub const EVENT_BYTES: usize = 4_096;
/// The longest name of a conversation, in bytes.
pub const CONVERSATION_BYTES: usize = 128;

/// What an event's row says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said<'a> {
    pub text: &'a str,
    /// `user`, `assistant`, `system`; none for a plain text, which is read as it stands.
    pub role: Option<&'a str>,
    pub conversation: &'a str,
    /// Whether it is learned, where the row says so.
    pub learn: Option<bool>,
}

impl<'a> Said<'a> {
    /// Reads a row, by its features' names.
    pub fn of(x: &'a Features, cx: &Context<'_>) -> Result<Self> {
        let mut said = Said::default();
        for (id, text) in x.texts() {
            match cx.names.name(id) {
                "text" => said.text = text,
                "role" => said.role = Some(text),
                "conversation" => said.conversation = text,
                other => return Err(stranger(other)),
            }
        }
        for (id, number) in x.iter() {
            match (cx.names.name(id), number) {
                ("learn", 0.0) => said.learn = Some(false),
                ("learn", 1.0) => said.learn = Some(true),
                ("learn", other) => {
                    return wrong(format!("learn is {other}, but must be true or false"));
                }
                (other, _) => return Err(stranger(other)),
            }
        }
        said.check()?;
        Ok(said)
    }

    fn check(&self) -> Result<()> {
        let Self { text, role, conversation, .. } = self;
        if text.is_empty() {
            return wrong("the event has no text: give what was said as the feature \"text\"");
        }
        if text.len() > EVENT_BYTES {
            let n = text.len();
            return wrong(format!(
                "a text of {n} bytes; an event has at most {EVENT_BYTES}: cut it into several"
            ));
        }
        if conversation.len() > CONVERSATION_BYTES {
            let n = conversation.len();
            return wrong(format!(
                "the conversation's name has {n} bytes; at most {CONVERSATION_BYTES} are taken"
            ));
        }
        match role {
            None | Some("user" | "assistant" | "system") => Ok(()),
            Some(other) => wrong(format!(
                "the role is {other:?}, but must be user, assistant or system; leave it out for a \
                 plain text"
            )),
        }
    }

    /// What the model reads of it: the text alone, or the message as its template writes it.
    pub fn tokens(&self, shared: &Shared, first: bool) -> Result<Vec<u32>> {
        let tokens = &shared.model.tokens;
        match (self.role, &shared.model.chat) {
            (None, _) => tokens.encode(self.text),
            (Some(role), Some(chat)) => tokens.encode(&piece(chat, role, self.text, first)?),
            (Some(_), None) => wrong(format!(
                "the base {} has no template for conversations: leave the role out",
                shared.name
            )),
        }
    }
}

fn stranger(name: &str) -> Error {
    Error(format!(
        "a language model reads the features text, role, conversation and learn, but the event has \
         {name:?}: leave it out"
    ))
}

/// One message as the template writes it, behind others or as the first.
fn piece(chat: &Chat, role: &str, text: &str, first: bool) -> Result<String> {
    let message = Message::new(role, text);
    if first {
        return chat.render(std::slice::from_ref(&message), false);
    }
    // Templates may insist on taking turns, and on a system message only at the beginning.
    let (user, assistant) = (Message::new("user", "a"), Message::new("assistant", "b"));
    let before = match role {
        "assistant" => vec![user],
        _ => vec![user, assistant],
    };
    let so_far = chat.render(&before, false)?;
    let whole = chat.render(&[before, vec![message]].concat(), false)?;
    match whole.strip_prefix(&so_far) {
        Some(piece) if !piece.is_empty() => Ok(piece.to_owned()),
        _ => wrong(
            "the base's template writes older messages anew when another one comes: it can not be \
             read as a stream; give texts without roles",
        ),
    }
}
