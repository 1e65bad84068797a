//! Conversations as the one text that a model was trained to continue: its own template, in Jinja.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, Value, context};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, wrong};

/// How many steps a template may take; the longest known need some hundred a message.
const FUEL: u64 = 4_000_000;
/// How many messages a conversation may have.
pub const MESSAGES_MAX: usize = 4096;

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who: `system`, `user`, `assistant`, or what else the model knows.
    pub role: String,
    /// What.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

/// A model's template.
pub struct Chat {
    environment: Environment<'static>,
    /// What a speaker may not write: it would end a message and begin another one.
    controls: Vec<String>,
    begin: String,
    end: String,
}

const NAME: &str = "chat_template";

impl Chat {
    /// Compiles a template. `controls` are the texts of the model's control tokens; `begin` and
    /// `end` are those with which a text begins and an answer ends, or empty.
    pub fn new(template: &str, controls: Vec<String>, begin: &str, end: &str) -> Result<Self> {
        let mut environment = Environment::new();
        let mut syntax = SyntaxConfig::builder();
        let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|e| Error(told(&e)))?);
        environment.set_fuel(Some(FUEL));
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function(
            "raise_exception",
            |message: String| -> std::result::Result<Value, _> {
                Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
            },
        );
        environment.add_template_owned(NAME, template.to_owned()).map_err(|e| {
            Error(format!("the model's chat template is not understood: {}", told(&e)))
        })?;
        Ok(Self { environment, controls, begin: begin.to_owned(), end: end.to_owned() })
    }

    /// The conversation as one text. With `answer`, it ends where the assistant begins to speak.
    ///
    /// # Errors
    /// When there are too many messages, when one contains a control token, and when the template
    /// refuses the conversation.
    pub fn render(&self, messages: &[Message], answer: bool) -> Result<String> {
        if messages.len() > MESSAGES_MAX {
            let n = messages.len();
            return wrong(format!("{n} messages; {MESSAGES_MAX} is the limit of a conversation"));
        }
        for (i, message) in messages.iter().enumerate() {
            let within = |control: &&String| {
                message.content.contains(control.as_str())
                    || message.role.contains(control.as_str())
            };
            if let Some(control) = self.controls.iter().find(within) {
                return wrong(format!(
                    "message {i} contains {control}, which is a control token of this model: leave \
                     it out"
                ));
            }
        }
        let template = self.environment.get_template(NAME).map_err(|e| Error(told(&e)))?;
        let said =
            |m: &Message| context! { role => m.role.as_str(), content => m.content.as_str() };
        let context = context! {
            messages => messages.iter().map(said).collect::<Vec<Value>>(),
            add_generation_prompt => answer,
            bos_token => self.begin.as_str(),
            eos_token => self.end.as_str(),
        };
        template
            .render(context)
            .map_err(|e| Error(format!("the model's chat template refuses this: {}", told(&e))))
    }
}

/// What went wrong in a template, and in which line.
fn told(e: &minijinja::Error) -> String {
    let line = e.line().map_or_else(String::new, |line| format!(" (line {line} of it)"));
    format!("{}{line}", e.detail().map_or_else(|| e.kind().to_string(), str::to_owned))
}
