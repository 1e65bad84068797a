//! Questions and answers over simulated datagrams: each may be lost, come late, twice or in
//! another order, and a question may come after whoever asked has gone on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use her_identity::migrate::{Ask, Node, Told};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use turmoil::net::UdpSocket;

use crate::world::World;

const PORT: u16 = 9000;
/// Longer than every message here.
const BYTES_MAX: usize = 4 << 20;

/// What is asked of a node.
#[derive(Debug, Serialize, Deserialize)]
pub enum Question {
    /// By another node, by its key.
    Node(Node, Ask),
    /// By a client: learn this row, by number.
    Learn { client: String, n: u64 },
    /// By a reader: predict this row at this version or a later one.
    Read { row: u64, min: u64 },
    /// By a planner: let it depart to a place.
    Depart { to: usize, cancel_after_ms: Option<u64> },
    /// By a planner: bring the register's cell to the owner.
    BringHome,
}

/// What a node answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    Node(Told),
    Learned {
        version: u64,
        duplicate: bool,
    },
    Read {
        version: u64,
        bits: Option<u64>,
        durable: u64,
    },
    /// It lives there.
    Moved(usize),
    /// Come again.
    Later,
    /// It is done, or begun.
    Done,
}

#[derive(Serialize, Deserialize)]
enum Packet {
    Question(u64, Question),
    Answer(u64, Answer),
}

/// Where a question came from.
pub struct From {
    call: u64,
    address: std::net::SocketAddr,
}

/// The socket of a host.
pub struct Net {
    world: Rc<World>,
    me: String,
    socket: UdpSocket,
    open: RefCell<BTreeMap<u64, oneshot::Sender<Answer>>>,
}

impl Net {
    pub async fn bind(world: &Rc<World>, me: &str) -> std::io::Result<Rc<Self>> {
        let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
        let (world, me) = (Rc::clone(world), me.to_owned());
        Ok(Rc::new(Self { world, me, socket, open: RefCell::default() }))
    }

    /// The next question; answers find their own way.
    pub async fn next(&self) -> (From, Question) {
        let mut bytes = vec![0; BYTES_MAX];
        loop {
            let Ok((len, address)) = self.socket.recv_from(&mut bytes).await else { continue };
            match postcard::from_bytes(&bytes[..len]).expect("our own packets") {
                Packet::Question(call, question) => {
                    self.world.trace(format_args!("{} {call}? {}", self.me, brief(&question)));
                    return (From { call, address }, question);
                }
                Packet::Answer(call, answer) => {
                    if let Some(waits) = self.open.borrow_mut().remove(&call) {
                        let _ = waits.send(answer);
                    }
                }
            }
        }
    }

    /// Asks a host; nothing when no answer comes in time.
    pub async fn call(self: &Rc<Self>, to: &str, question: Question, ms: u64) -> Option<Answer> {
        let call = self.world.calls.get();
        self.world.calls.set(call + 1);
        let (tell, told) = oneshot::channel();
        self.open.borrow_mut().insert(call, tell);
        let to = std::net::SocketAddr::new(turmoil::lookup(to), PORT);
        self.send(to, &Packet::Question(call, question));
        let told = tokio::time::timeout(Duration::from_millis(ms), told).await;
        self.open.borrow_mut().remove(&call);
        told.ok()?.ok()
    }

    pub fn answer(self: &Rc<Self>, from: &From, answer: Answer) {
        self.world.trace(format_args!("{} {}! {}", self.me, from.call, told(&answer)));
        self.send(from.address, &Packet::Answer(from.call, answer));
    }

    fn send(self: &Rc<Self>, to: std::net::SocketAddr, packet: &Packet) {
        let bytes = postcard::to_allocvec(packet).expect("plain data");
        let (world, mix) = (&self.world, &self.world.mix);
        if world.calm.get() || !world.born.get() {
            return drop(self.socket.try_send_to(&bytes, to));
        }
        if world.lots.one_in(mix.lost_in) {
            return world.fault("lost", format_args!("from {}", self.me));
        }
        let late = world.lots.one_in(mix.late_in).then(|| world.lots.between(100, 3_000));
        let twice = world.lots.one_in(mix.twice_in).then(|| world.lots.between(1, 500));
        if late.is_none() {
            // A host that is cut off drops it.
            let _ = self.socket.try_send_to(&bytes, to);
        }
        for ms in late.into_iter().chain(twice) {
            world.fault("late", format_args!("from {} by {ms} ms", self.me));
            let (net, bytes) = (Rc::clone(self), bytes.clone());
            world.spawn(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                let _ = net.socket.try_send_to(&bytes, to);
            });
        }
    }
}

fn brief(question: &Question) -> String {
    let Question::Node(from, ask) = question else { return format!("{question:?}") };
    let ask = match ask {
        Ask::Hello { dry, .. } => format!("Hello {dry}"),
        Ask::Snapshot { about, offset, total, .. } => {
            format!("Snapshot {offset} of {total} {about:?}")
        }
        Ask::Frames { about, frames, warm, .. } => {
            format!("Frames {} {warm} {about:?}", frames.len())
        }
        Ask::Agree { about, head, .. } => format!("Agree {head:?} {about:?}"),
        other => format!("{other:?}"),
    };
    format!("{ask} from {}", from.0[0])
}

fn told(answer: &Answer) -> String {
    match answer {
        Answer::Node(Told::Ready { nonce, heads, wanted, .. }) => {
            format!("Ready {nonce} {heads:?} {wanted:?}")
        }
        other => format!("{other:?}"),
    }
}
