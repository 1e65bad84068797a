//! What of a conversation is new.
//!
//! A client without memory sends all that was said each time. Each message is known by itself and
//! the two before it; its number of a request is made of that, so the identity's own table of
//! requests that were done tells what was learned: after a restart too, and wherever it moved. A
//! client that drops the oldest messages, or changes what it tells the system, teaches nothing
//! twice. What was said by the identity stands beside the message that it answers, so an answer
//! that the client changed is seen.

use her_identity::event::Request;
use her_lm::Message;

/// How many messages before one are part of what it is known by.
const BEFORE: usize = 2;
/// Characters of a message's key.
const KEY_CHARS: usize = 24;
/// The number under which a message of a person is noted; the numbers below are for the answers.
const HEARD: u64 = 1_023;

/// What a message is to the one who is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A person's words: learned.
    Words,
    /// An answer as it was given, or of a conversation held elsewhere: heard, not learned.
    Answer,
    /// An answer that the person changed: learned.
    Correction,
}

/// A message that was not heard yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Its place in the conversation.
    pub at: usize,
    /// What it is.
    pub sort: Sort,
    /// Its number, by which it is known the next time.
    pub request: Request,
}

/// A conversation, and the numbers of its messages.
pub struct History<'a> {
    name: &'a str,
    /// The place and the text of each message but those of the system, which are context alone.
    said: Vec<(usize, &'a Message)>,
}

impl<'a> History<'a> {
    /// A conversation. Those of different names have nothing in common.
    pub fn new(name: &'a str, messages: &'a [Message]) -> Self {
        let told = |m: &Message| m.role != "system";
        let said = messages.iter().enumerate().filter(|(_, m)| told(m)).collect();
        Self { name, said }
    }

    /// What the conversation is called in the journal: its name, or one made of its first message.
    pub fn name(&self) -> Box<str> {
        if self.name.is_empty() { self.key(self.said.len().min(1)) } else { self.name.into() }
    }

    /// The numbers of the messages, in their order.
    pub fn requests(&self) -> Vec<Request> {
        (0..self.said.len()).map(|i| self.request(i)).collect()
    }

    /// What an identity has not heard, that has done these of [`Self::requests`]. `cut` says
    /// whether a text is the beginning of an answer that was given to the message of this key: the
    /// client went away before its end.
    pub fn new_to(&self, done: &[bool], cut: impl Fn(&str, &str) -> bool) -> Vec<New> {
        let is_known = |i: &usize| {
            let whole = done.get(*i).copied().unwrap_or(false);
            whole || (self.is_answer(*i) && cut(&self.key(*i), &self.said[*i].1.content))
        };
        let first = (0..self.said.len()).rev().find(is_known).map_or(0, |last| last + 1);
        let one = |i: usize| {
            let answered = i > 0 && i == first && !self.is_answer(i - 1);
            let sort = match self.is_answer(i) {
                false => Sort::Words,
                true if answered => Sort::Correction,
                true => Sort::Answer,
            };
            New { at: self.said[i].0, sort, request: self.request(i) }
        };
        (first..self.said.len()).map(one).collect()
    }

    /// The number of what is answered to the newest message.
    pub fn answer(&self, text: &str) -> Request {
        self.of_answer(self.said.len(), text)
    }

    fn is_answer(&self, i: usize) -> bool {
        self.said[i].1.role == "assistant"
    }

    fn request(&self, i: usize) -> Request {
        if self.is_answer(i) {
            self.of_answer(i, &self.said[i].1.content)
        } else {
            Request { client: self.key(i + 1), n: HEARD }
        }
    }

    /// An answer in place `i` is noted beside what it answers.
    fn of_answer(&self, i: usize, text: &str) -> Request {
        let hash = blake3::hash(text.trim().as_bytes());
        let low = u64::from(u16::from_le_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]));
        Request { client: self.key(i), n: low % HEARD }
    }

    /// The key of the messages that end before place `end`.
    fn key(&self, end: usize) -> Box<str> {
        let mut hash = blake3::Hasher::new();
        let mut part = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        part(self.name);
        for (_, message) in &self.said[end.saturating_sub(BEFORE + 1)..end] {
            part(&message.role);
            part(message.content.trim());
        }
        hash.finalize().to_hex()[..KEY_CHARS].into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use her_identity::turn::Clients;

    fn talk(words: &[&str]) -> Vec<Message> {
        let role = |i: usize| if i.is_multiple_of(2) { "user" } else { "assistant" };
        words.iter().enumerate().map(|(i, text)| Message::new(role(i), *text)).collect()
    }

    /// An identity that hears a conversation and answers it.
    #[derive(Default)]
    struct Ear(Clients, u64);

    impl Ear {
        fn new_in(&self, history: &History<'_>, cut: &str) -> Vec<New> {
            let done = |r: &Request| self.0.is_done(r).unwrap();
            let done: Vec<bool> = history.requests().iter().map(done).collect();
            history.new_to(&done, |_, text| cut.starts_with(text))
        }

        fn new_of(&self, messages: &[Message]) -> Vec<(usize, Sort)> {
            let new = self.new_in(&History::new("", messages), "");
            new.into_iter().map(|new| (new.at, new.sort)).collect()
        }

        fn note(&mut self, request: &Request) {
            self.1 += 1;
            self.0.done(request, self.1, 1_000);
        }

        fn hear(&mut self, messages: &[Message], answer: &str) -> Vec<(usize, Sort)> {
            let told = self.new_of(messages);
            let history = History::new("", messages);
            for new in self.new_in(&history, "") {
                self.note(&new.request);
            }
            self.note(&history.answer(answer));
            told
        }
    }

    #[test]
    fn only_what_is_new_is_new_and_only_once() {
        let mut ear = Ear::default();
        let all = talk(&["a", "A", "b", "B", "c"]);
        assert_eq!(ear.hear(&all[..1], "A"), [(0, Sort::Words)]);
        assert_eq!(ear.hear(&all[..1], "A, again"), [], "a retry");
        assert_eq!(ear.hear(&all[..3], "B"), [(2, Sort::Words)]);
        // Whitespace at the ends is the client's business.
        let mut spaced = all.clone();
        spaced[3].content = " B\n".into();
        assert_eq!(ear.hear(&spaced, "C"), [(4, Sort::Words)]);
        // The oldest were dropped; the system is told something else each time.
        let mut cut = vec![Message::new("system", "it is noon")];
        cut.extend(talk(&["b", "B", "c", "C", "d"]));
        assert_eq!(ear.hear(&cut, "D"), [(5, Sort::Words)]);
    }

    #[test]
    fn a_changed_answer_is_a_correction() {
        let mut ear = Ear::default();
        ear.hear(&talk(&["a"]), "A");
        let changed = talk(&["a", "better", "b"]);
        assert_eq!(ear.hear(&changed, "B"), [(1, Sort::Correction), (2, Sort::Words)]);
        assert_eq!(ear.new_of(&changed), []);
        // The first of two answers to the same question comes back: it was given.
        ear.hear(&talk(&["a"]), "A2");
        assert_eq!(ear.new_of(&talk(&["a", "A2", "z"])), [(2, Sort::Words)]);
        // An answer that was broken off is none.
        ear.hear(&talk(&["long"]), "once upon a time");
        let messages = talk(&["long", "once up", "go on"]);
        let new = ear.new_in(&History::new("", &messages), "once upon a time");
        let new: Vec<Sort> = new.iter().map(|new| new.sort).collect();
        assert_eq!(new, [Sort::Words]);
    }

    #[test]
    fn conversations_of_elsewhere_are_heard_whole_and_others_apart() {
        let mut ear = Ear::default();
        let all = talk(&["a", "A", "b"]);
        let whole = [(0, Sort::Words), (1, Sort::Answer), (2, Sort::Words)];
        assert_eq!(ear.hear(&all, "B"), whole);
        let named = ear.new_in(&History::new("other", &all), "");
        assert_eq!(named.len(), 3);
        // The same words elsewhere in a talk are others.
        let later = talk(&["a", "A", "b", "B", "a"]);
        assert_eq!(ear.new_of(&later), [(4, Sort::Words)]);
    }
}
