//! What an answer looks like: whole, or a chunk at a time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::asked::{Asked, Learns};
use super::errors::{Refused, Told};
use super::stage::{Piece, next, speak};
use crate::server::auth::granted;
use crate::server::meter::UnderWay;
use crate::server::metrics::EventKind;
use crate::server::{App, answer};
use crate::talk::speaker::Ended;
use crate::talk::turn::{self, Told as Spoken, Turn};
use her_identity::ErrorKind;
use her_lm::Message;

/// Frames that wait for a slow reader.
const FRAMES: usize = 16;

/// Whether messages are answered, or a text goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Chat,
    Text,
}

/// What all parts of one answer have in common.
#[derive(Clone)]
struct Head {
    form: Form,
    id: String,
    created: u64,
    model: String,
    learns: Learns,
    ignored: Vec<String>,
}

/// Learns what is new, and answers, unless the client hangs up.
pub(super) async fn answered(
    app: &Arc<App>,
    form: Form,
    asked: Asked,
    messages: Vec<Message>,
    (ignored, client): (Vec<String>, Option<UnderWay>),
) -> Told {
    let answered = begun(app, form, asked, messages, ignored);
    match client {
        None => answered.await,
        Some(client) => client.unless_hung_up(answered).await.unwrap_or_else(|| {
            let gone = her_identity::Error::new(ErrorKind::Unavailable, "the client hung up");
            Err(gone.into())
        }),
    }
}

/// The answer whole, or up to where its stream begins.
async fn begun(
    app: &Arc<App>,
    form: Form,
    asked: Asked,
    messages: Vec<Message>,
    ignored: Vec<String>,
) -> Told {
    let head = Head {
        form,
        id: id(form)?,
        created: app.house.clock().now_ms() / 1000,
        model: asked.whom.to_string(),
        learns: asked.learns,
        ignored,
    };
    let (stream, usage) = (asked.stream, asked.usage);
    if asked.learns == Learns::Yes {
        let quota = app.door.updates(granted::token().as_ref());
        quota.inspect_err(|problem| app.metrics.refused(problem))?;
    }
    let mut pieces = speak(app, move |app, tell| spoken(app, &asked, &messages, tell)).await?;
    if !stream {
        return whole(&head, &mut pieces).await;
    }
    // The first piece before the answer begins, so that a refusal is an answer of its own.
    let first = match next(&mut pieces).await {
        Piece::Failed(refused) => return Err(refused),
        piece => piece,
    };
    let (send, frames) = mpsc::channel(FRAMES);
    tokio::spawn(async move {
        // Who went away hears no more, and the speaker is told by that.
        let _ = streamed(&head, usage, first, pieces, &send).await;
    });
    let body = Body::from_stream(ReceiverStream::new(frames));
    Ok(answer::stream("text/event-stream", body))
}

/// The turn itself, on a thread of its own.
fn spoken(
    app: &Arc<App>,
    asked: &Asked,
    messages: &[Message],
    tell: &mut dyn FnMut(&str) -> bool,
) -> Result<Spoken, Refused> {
    let (house, name, host) = (&*app.house, &*asked.whom.name, &app.stage.host);
    let conversation = &asked.conversation;
    let learns = asked.learns == Learns::Yes;
    let turn = Turn { messages, conversation, learns, how: &asked.how };
    let told = match asked.whom.version {
        Some(version) => {
            let past = app.stage.past(house, name, version).map_err(super::refused)?;
            turn::answer(&past, &turn, host, house.clock(), tell)
        }
        None => turn::told(house, name, &turn, host, tell),
    };
    let told = told.map_err(super::refused)?;
    app.metrics.events(EventKind::Learn, told.learned.events);
    Ok(told)
}

async fn whole(head: &Head, pieces: &mut mpsc::Receiver<Piece>) -> Told {
    loop {
        match next(pieces).await {
            Piece::Text(_) => {}
            Piece::Failed(refused) => return Err(refused),
            Piece::End(told) => {
                let said = answer::json(StatusCode::OK, &head.whole(&told));
                return Ok(answer::of_version(said, told.version));
            }
        }
    }
}

type Frames = mpsc::Sender<Result<Bytes, std::convert::Infallible>>;
type Gone = mpsc::error::SendError<Result<Bytes, std::convert::Infallible>>;

async fn streamed(
    head: &Head,
    usage: bool,
    first: Piece,
    mut pieces: mpsc::Receiver<Piece>,
    send: &Frames,
) -> Result<(), Gone> {
    let put = async |frame: Value| send.send(Ok(format!("data: {frame}\n\n").into())).await;
    if head.form == Form::Chat {
        put(head.chunk(&json!({ "role": "assistant", "content": "" }), usage)).await?;
    }
    let mut piece = first;
    loop {
        match piece {
            Piece::Text(text) => match head.form {
                Form::Chat => put(head.chunk(&json!({ "content": text }), usage)).await?,
                Form::Text => put(head.chunk(&json!(text), usage)).await?,
            },
            Piece::Failed(refused) => {
                put(refused.frame()).await?;
                break;
            }
            Piece::End(told) => {
                put(head.last(&told, usage)).await?;
                if usage {
                    put(head.used(&told)).await?;
                }
                break;
            }
        }
        piece = tokio::select! {
            piece = next(&mut pieces) => piece,
            // Between two words nothing would tell that nobody listens.
            () = send.closed() => return Ok(()),
        };
    }
    send.send(Ok(Bytes::from_static(b"data: [DONE]\n\n"))).await
}

impl Head {
    fn object(&self, chunk: bool) -> &'static str {
        match (self.form, chunk) {
            (Form::Chat, false) => "chat.completion",
            (Form::Chat, true) => "chat.completion.chunk",
            (Form::Text, _) => "text_completion",
        }
    }

    fn around(&self, chunk: bool, choices: &Value) -> Value {
        json!({
            "id": self.id,
            "object": self.object(chunk),
            "created": self.created,
            "model": self.model,
            "choices": choices,
        })
    }

    fn whole(&self, told: &Spoken) -> Value {
        let text = &told.spoken.text;
        let mut choice = match self.form {
            Form::Chat => json!({
                "message": { "role": "assistant", "content": text, "refusal": null },
            }),
            Form::Text => json!({ "text": text }),
        };
        choice["index"] = 0.into();
        choice["finish_reason"] = reason(told).into();
        choice["logprobs"] = Value::Null;
        let mut all = self.around(false, &json!([choice]));
        all["usage"] = usage(told);
        all["her"] = self.her(told);
        all
    }

    /// A chunk: what is new of a message, or of a text.
    fn chunk(&self, new: &Value, usage: bool) -> Value {
        self.choice(new, None, usage)
    }

    fn choice(&self, new: &Value, reason: Option<&'static str>, usage: bool) -> Value {
        let member = match self.form {
            Form::Chat => "delta",
            Form::Text => "text",
        };
        let mut choice = json!({ "index": 0, "finish_reason": reason, "logprobs": null });
        choice[member] = new.clone();
        let mut all = self.around(true, &json!([choice]));
        if usage {
            all["usage"] = Value::Null;
        }
        all
    }

    /// The chunk that says why it ends, and what was learned.
    fn last(&self, told: &Spoken, usage: bool) -> Value {
        let nothing = match self.form {
            Form::Chat => json!({}),
            Form::Text => json!(""),
        };
        let mut all = self.choice(&nothing, Some(reason(told)), usage);
        all["her"] = self.her(told);
        all
    }

    fn used(&self, told: &Spoken) -> Value {
        let mut all = self.around(true, &json!([]));
        all["usage"] = usage(told);
        all
    }

    /// What this protocol has no word for.
    fn her(&self, told: &Spoken) -> Value {
        let learned = &told.learned;
        let per_token = (learned.tokens > 0).then(|| learned.bits / learned.tokens as f64);
        let mut her = json!({
            "version": told.version,
            "learned_tokens": learned.tokens,
            "bits_per_token": per_token,
            "seconds": told.seconds.to_json(),
        });
        let not = match self.learns {
            Learns::No(why) => Some(why),
            Learns::Yes if told.frozen => Some("it is frozen, and learns no more"),
            Learns::Yes => None,
        };
        if let Some(why) = not {
            her["learned_nothing"] = why.into();
        }
        if !self.ignored.is_empty() {
            her["ignored"] = self.ignored.clone().into();
        }
        her
    }
}

fn reason(told: &Spoken) -> &'static str {
    match told.spoken.ended {
        Ended::Length => "length",
        Ended::Stop | Ended::Gone => "stop",
    }
}

fn usage(told: &Spoken) -> Value {
    let (prompt, said) = (told.spoken.prompt_tokens, told.spoken.tokens);
    json!({ "prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said })
}

/// A name for an answer, which nobody else's has.
fn id(form: Form) -> Result<String, Refused> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| {
        let why = format!("the system gives no random numbers: {e}");
        her_identity::Error::new(her_identity::ErrorKind::Unavailable, why)
    })?;
    let kind = match form {
        Form::Chat => "chatcmpl",
        Form::Text => "cmpl",
    };
    Ok(format!("{kind}-{:032x}", u128::from_be_bytes(bytes)))
}
