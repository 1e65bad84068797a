//! A session: a token, the numbers of its messages, and what the identity knows of them.

use std::sync::Arc;
use std::time::Duration;

use her_identity::event::{Event, Request, What};
use her_identity::identity::Identity;
use her_identity::journal::IdentityId;
use her_identity::turn::{self, Reply};
use her_identity::{Error, ErrorKind};
use her_learn::Row;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::message::{Act, Message};
use super::{Channel, figures::Wait};
use crate::server::auth::granted;
use crate::server::problem::Problem;
use crate::server::{App, gate, learn, predict};
use crate::wire;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 16;
/// Characters of a session's id.
const ID_CHARS: usize = 24;
/// Numbers below a session's newest that are still known: those of a client of the identity.
const WINDOW: u64 = 1_024;
/// How long coming back waits until what was said last is durable.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);

/// Who talks. Whoever has the token goes on with the session; the id, which stands in the
/// journal, does not lead back to it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub token: Box<str>,
    pub id: Box<str>,
}

impl Session {
    /// The session of a token, or a new one.
    pub fn of(token: Option<&str>) -> Result<Self, Problem> {
        let token: Box<str> = match token {
            None => random_token()?,
            Some(token) => {
                let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                if token.len() != 2 * TOKEN_BYTES || !token.bytes().all(hex) {
                    return Err(Problem::malformed(format!(
                        "a resume token has {} characters of 0-9 and a-f, as the first frame of \
                         a channel told it; leave it out to begin anew",
                        2 * TOKEN_BYTES
                    )));
                }
                token.into()
            }
        };
        let hash = blake3::hash(token.as_bytes()).to_hex();
        Ok(Self { id: hash[..ID_CHARS].into(), token })
    }

    fn key(&self, n: u64) -> Box<str> {
        format!("{}/{n}", self.id).into()
    }

    fn request(&self, n: u64) -> Request {
        Request { client: self.id.clone(), n }
    }
}

fn random_token() -> Result<Box<str>, Problem> {
    let mut bytes = [0u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::new(ErrorKind::Unavailable, format!("the system gives no random numbers: {e}"))
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)).into())
}

/// What an identity knows of a session.
pub(super) struct Known {
    pub name: Box<str>,
    pub session: Session,
    pub version: u64,
    pub branch: IdentityId,
    /// The feature that what is said becomes.
    pub say_as: Box<str>,
    /// The spec wants a second pass over what was learned.
    pub rehearses: bool,
    frozen: bool,
    /// The newest number that was taken, and when; none when nothing is known.
    newest: Option<(u64, u64)>,
    /// Numbers that were taken after the one asked for, with what was answered where that is
    /// still known.
    missed: Vec<(u64, Option<(u64, turn::Answer)>)>,
    gap: bool,
}

impl Known {
    /// Asks an identity for a session, and for what was answered after number `after`. What this
    /// tells is durable.
    pub async fn look(
        app: &Arc<App>,
        name: &str,
        session: Session,
        after: Option<u64>,
    ) -> Result<Self, Problem> {
        let (branch, own) = (app.house.record(name)?.current, name.into());
        let look = move |identity: &Identity| Self::read(identity, own, session, branch, after);
        let known = look_at(app, name, look).await?;
        if let Some((_, version)) = known.newest {
            durable(app, name, version).await?;
        }
        Ok(known)
    }

    fn read(
        identity: &Identity,
        name: Box<str>,
        session: Session,
        branch: IdentityId,
        after: Option<u64>,
    ) -> Self {
        let state = identity.state();
        let newest = state.clients().newest(&session.id);
        let (mut missed, mut gap) = (Vec::new(), false);
        if let (Some((newest, _)), Some(after)) = (newest, after) {
            let oldest = newest.saturating_sub(WINDOW - 1);
            gap = after.saturating_add(1) < oldest;
            for n in after.saturating_add(1).max(oldest)..=newest {
                if state.clients().is_done(&session.request(n)).is_ok_and(|done| done) {
                    missed.push((n, state.as_made(&session.key(n))));
                }
            }
        }
        Self {
            version: state.version(),
            branch,
            say_as: state.birth().options.say_as.clone(),
            rehearses: state.birth().options.rehearse > 0,
            frozen: state.is_frozen(),
            newest,
            missed,
            gap,
            session,
            name,
        }
    }

    /// True when messages of this session were taken before.
    pub fn is_known(&self) -> bool {
        self.newest.is_some()
    }

    /// The first frame; `seen` is the version that the other side saw last.
    pub fn hello(&self, seen: Option<u64>) -> Value {
        let mut hello = json!({
            "hello": self.name,
            "session": self.session.id,
            "resume": self.session.token,
            "version": self.version,
            "n": self.newest.map_or(0, |(n, _)| n),
        });
        if let Some(seen) = seen {
            hello["updates"] = self.version.saturating_sub(seen).into();
        }
        for (word, said) in [("frozen", self.frozen), ("gap", self.gap)] {
            if said {
                hello[word] = true.into();
            }
        }
        hello
    }

    /// Frames of what was missed: as it was answered where the prediction still waits for its
    /// label, else that it was done.
    pub fn missed(&self) -> impl Iterator<Item = (u64, Value)> {
        self.missed.iter().map(|(n, made)| {
            let frame = match made {
                Some((version, answer)) => json!({
                    "n": n, "version": version, "prediction": wire::prediction(answer),
                    "duplicate": true,
                }),
                None => json!({ "n": n, "duplicate": true }),
            };
            (*n, frame)
        })
    }
}

/// Waits until a version that was applied is durable, as it is told to somebody.
async fn durable(app: &App, name: &str, version: u64) -> Result<(), Problem> {
    let look = async {
        while app.house.head(name)?.seq < version {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(done) => done,
        Err(_) => Err(Error::new(
            ErrorKind::Unavailable,
            format!("version {version} of {name} is not durable yet; try again"),
        )
        .into()),
    }
}

/// A look at a live identity, without holding up a thread.
pub(super) async fn look_at<T: Send + 'static>(
    app: &App,
    name: &str,
    look: impl FnOnce(&Identity) -> T + Send + 'static,
) -> Result<T, Problem> {
    let (tell, told) = oneshot::channel();
    app.house.look_then(name, look, move |found| drop(tell.send(found)))?;
    Ok(told.await.map_err(|_| closing())??)
}

/// The feature that what is said to an identity becomes.
pub(super) async fn say_as(app: &App, name: &str) -> Result<Box<str>, Problem> {
    look_at(app, name, |identity| identity.state().birth().options.say_as.clone()).await
}

fn closing() -> Error {
    Error::new(ErrorKind::Unavailable, "the house is closing; try again")
}

/// Hands a message in, and waits as long as it takes until it is durable. Gives the frame of the
/// answer and its version. Nobody is refused because the learners are busy.
pub(super) async fn tell(
    app: &App,
    name: &str,
    session: &Session,
    message: Message,
) -> Result<(Vec<u8>, u64), Problem> {
    let n = message.n;
    granted::wants(message.act.wants()).inspect_err(|problem| app.metrics.refused(problem))?;
    let (what, row) = match message.act {
        Act::Ask(row) => (What::Remember { key: session.key(n), row: row.clone() }, Some(row)),
        Act::Learn(row, target) => (What::Learn { row, target, weight: 1.0 }, None),
        Act::Label(of, target) => (What::Label { key: session.key(of), target }, None),
    };
    let event = Event { request: Some(session.request(n)), ..app.house.event(what) };
    let kind = predict::kind_of(&event);
    let quota = app.door.updates_of_stream(granted::token().as_ref(), 1).await;
    quota.inspect_err(|problem| app.metrics.refused(problem))?;
    match hand_in(app, name, event).await {
        Ok(reply) if reply.duplicate => again(app, name, session, n).await,
        Ok(reply) => {
            app.metrics.events(kind, 1);
            Ok((frame(n, &reply), reply.version))
        }
        Err(e) => {
            let again = match (e.kind, row) {
                // Its number was forgotten, but what it asked waits still: it was taken.
                (ErrorKind::Exists, _) => again(app, name, session, n).await,
                (ErrorKind::Frozen, Some(row)) => of_frozen(app, name, n, row).await,
                _ => Err(e.into()),
            };
            again.inspect_err(|problem| app.metrics.refused(problem))
        }
    }
}

async fn hand_in(app: &App, name: &str, event: Event) -> her_identity::Result<Reply> {
    event.check()?;
    let place = app.gate.wait(1).await.ok_or_else(closing)?;
    let told = gate::submit(&app.house, name, vec![event], place)?;
    let results = told.await.map_err(|_| closing())??;
    results.into_iter().next().ok_or_else(closing)?
}

/// The answer to a message that had been taken before.
async fn again(
    app: &App,
    name: &str,
    session: &Session,
    n: u64,
) -> Result<(Vec<u8>, u64), Problem> {
    let key = session.key(n);
    let look = move |identity: &Identity| {
        let state = identity.state();
        (state.as_made(&key), state.version())
    };
    let (made, now) = look_at(app, name, look).await?;
    let (version, answer) = made.map_or((now, None), |(version, answer)| (version, Some(answer)));
    let reply = Reply { version, answer, duplicate: true, drift: false };
    Ok((frame(n, &reply), now))
}

/// Who is frozen answers, and remembers nothing.
async fn of_frozen(app: &App, name: &str, n: u64, row: Row) -> Result<(Vec<u8>, u64), Problem> {
    let (tell, told) = oneshot::channel();
    app.house.predict(name, row, Box::new(move |result| drop(tell.send(result))));
    let (answer, version) = told.await.map_err(|_| closing())??;
    let frame = json!({
        "n": n, "version": version, "prediction": wire::prediction(&answer), "frozen": true,
    });
    Ok((frame.to_string().into_bytes(), version))
}

/// A reply with the number of its message in front.
fn frame(n: u64, reply: &Reply) -> Vec<u8> {
    let mut out = format!("{{\"n\":{n},").into_bytes();
    let at = out.len();
    learn::write_reply(reply, &mut out);
    // The reply's own brace.
    out.remove(at);
    out
}

/// Counts a message, and the time that its sender waited for us.
pub(super) async fn heard(
    app: &App,
    channel: &Channel,
    session: &Session,
    message: Message,
) -> Result<Vec<u8>, Problem> {
    let begun = tokio::time::Instant::now();
    let said = tell(app, &channel.name, session, message).await;
    let time = begun.elapsed();
    channel.figures.waited(Wait::Model, time);
    app.metrics.channels.waited(Wait::Model, time);
    let (frame, version) = said?;
    channel.figures.answered(version);
    Ok(frame)
}

/// Counts what came in.
pub(super) fn count(app: &App, channel: Option<&Channel>, bytes: usize, words: u64) {
    let metrics = &app.metrics.channels;
    metrics.messages.inc();
    metrics.words.inc_by(words);
    metrics.bytes_in.inc_by(bytes as u64);
    if let Some(channel) = channel {
        let away = app.channels.bounds.away;
        channel.figures.spoke(bytes, words, away, tokio::time::Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_its_session_and_not_back() {
        let new = Session::of(None).unwrap_or_else(|p| panic!("{p:?}"));
        assert_eq!(new.token.len(), 32);
        assert!(Session::of(Some(&new.token)).is_ok_and(|again| again == new));
        assert!(!new.token.contains(&*new.id) && new.id.len() == ID_CHARS);
        for bad in ["", "xyz", &new.token[1..], &new.token.to_uppercase().replace('0', "G")] {
            assert!(Session::of(Some(bad)).is_err(), "{bad}");
        }
    }
}
