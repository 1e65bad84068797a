//! The departing side: which step follows which answer.

use serde::{Deserialize, Serialize};

use super::planted::{self, Planted};
use super::{Node, Outcome};

/// When the source seals, and when it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Events that the target may lack when learning is sealed.
    pub seal_lag: u64,
    /// Windows of sending without reaching that before learning is throttled further.
    pub patience: u32,
    /// How often learning is throttled before the departure is given up.
    pub throttles: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { seal_lag: 512, patience: 16, throttles: 12 }
    }
}

/// What is to be done next; exactly one thing at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// Ask the target what it has, and whether it would take the identity.
    Hello,
    /// Send the next piece that the target lacks; [`Saw::Lag`] tells what is left.
    Send,
    /// Let the target bring the state into its memory.
    Warm,
    /// Allow the identity to be ahead of the target by half of what it was.
    Throttle,
    /// Hold learning, and make all that was applied durable.
    Seal,
    /// Send the rest, and let the target compare it with what this side has.
    Agree,
    /// Compare-and-set the register from this epoch to the target: the commit point.
    Commit {
        /// The epoch that the register is expected to hold.
        epoch: u64,
    },
    /// Read the register: whether the commit happened is not known.
    Read,
    /// Compare-and-set the register from this epoch to ourselves: an abort's fresh epoch.
    Reclaim {
        /// The epoch that the register is expected to hold.
        epoch: u64,
    },
    /// Learn on here, under this fresh epoch.
    Unseal {
        /// What the register gave.
        epoch: u64,
    },
    /// It lives elsewhere: answer what was held with where.
    StepDown {
        /// Who owns it.
        owner: Node,
        /// Since which epoch.
        epoch: u64,
    },
    /// Tell the target that it owns the identity.
    Grant {
        /// What the register gave the target.
        epoch: u64,
    },
    /// Nothing more.
    End(Outcome),
}

/// What came of the step before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Saw {
    /// It was done.
    Done,
    /// Sent; the target lacks so many durable events still.
    Lag(u64),
    /// The target compared and found another state or chain.
    Differs,
    /// The other side refused, for this reason.
    Refused(Outcome),
    /// No answer: it may have been done or not.
    Lost,
    /// The register took the compare-and-set and holds this epoch now.
    Set(u64),
    /// The register holds this.
    Cell(Node, u64),
    /// An operator wants it to end.
    Cancel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    Hello,
    Copying,
    Warming,
    Following { windows: u32, throttles: u32 },
    Throttling { throttles: u32 },
    Sealing,
    Agreeing,
    Committing,
    Reading,
    Reclaiming,
    Unsealing,
    SteppingDown,
    Granting,
    Ended,
}

/// One departure, as the departing side sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    me: Node,
    target: Node,
    /// The epoch under which this side owns the identity.
    epoch: u64,
    at: At,
    /// What the departure ends with once this side owns or has given up the identity again.
    ending: Outcome,
    /// Who owns it after this side.
    down: Option<Node>,
    bounds: (u64, u32, u32),
}

impl Source {
    /// A departure from the node that owns the identity under `epoch`.
    pub fn new(me: Node, target: Node, epoch: u64, bounds: Bounds) -> Self {
        let bounds = (bounds.seal_lag, bounds.patience, bounds.throttles);
        Self { me, target, epoch, at: At::Hello, ending: Outcome::Completed, down: None, bounds }
    }

    /// The first step.
    pub fn begin(&self) -> Next {
        Next::Hello
    }

    /// True while this side owns the identity and takes events: until the seal, and again after
    /// an abort. Between them only the register says who owns it.
    pub fn learns(&self) -> bool {
        let sealed = matches!(
            self.at,
            At::Sealing
                | At::Agreeing
                | At::Committing
                | At::Reading
                | At::Reclaiming
                | At::Unsealing
                | At::SteppingDown
        );
        !sealed && self.down.is_none()
    }

    /// Who owns the identity, once this side has given it up.
    pub fn stepped_down(&self) -> Option<Node> {
        self.down
    }

    /// The step that follows what was seen.
    pub fn saw(&mut self, saw: Saw) -> Next {
        match self.at {
            At::Hello
            | At::Copying
            | At::Warming
            | At::Following { .. }
            | At::Throttling { .. } => self.before_the_seal(saw),
            At::Sealing => match saw {
                Saw::Done => self.go(At::Agreeing, Next::Agree),
                Saw::Refused(outcome) => self.reclaim(outcome),
                _ => self.reclaim(Outcome::Failed),
            },
            At::Agreeing => match saw {
                Saw::Done => self.go(At::Committing, Next::Commit { epoch: self.epoch }),
                Saw::Differs => self.reclaim(Outcome::DigestMismatch),
                Saw::Cancel => self.reclaim(Outcome::Cancelled),
                Saw::Refused(outcome) => self.reclaim(outcome),
                _ => self.reclaim(Outcome::TargetLost),
            },
            At::Committing => match saw {
                Saw::Set(epoch) => self.give_up(self.target, epoch, Outcome::Completed),
                Saw::Cell(owner, epoch) => self.settle(owner, epoch),
                _ => self.go(At::Reading, Next::Read),
            },
            At::Reading => match saw {
                Saw::Cell(owner, epoch) => self.settle(owner, epoch),
                // The register is away: sealed it stays, and it still predicts.
                _ => self.go(At::Reading, Next::Read),
            },
            At::Reclaiming => match saw {
                Saw::Set(epoch) => {
                    self.epoch = epoch;
                    self.go(At::Unsealing, Next::Unseal { epoch })
                }
                Saw::Cell(owner, epoch) => self.settle(owner, epoch),
                _ => self.go(At::Reading, Next::Read),
            },
            // A grant that is lost costs time only: the target watches the register.
            At::Granting => self.step_down(),
            At::Unsealing | At::SteppingDown | At::Ended => {
                self.go(At::Ended, Next::End(self.ending))
            }
        }
    }

    fn before_the_seal(&mut self, saw: Saw) -> Next {
        let (seal_lag, patience, most) = self.bounds;
        match (self.at, saw) {
            (_, Saw::Cancel) => self.end(Outcome::Cancelled),
            (_, Saw::Refused(outcome)) => self.end(outcome),
            (_, Saw::Differs) => self.end(Outcome::DigestMismatch),
            (At::Hello, Saw::Lost) => self.end(Outcome::TargetNotReady),
            (_, Saw::Lost) => self.end(Outcome::TargetLost),
            (At::Hello, _) => self.go(At::Copying, Next::Send),
            // The first copy may take hours. Nearly there, the target folds what it got.
            (At::Copying, Saw::Lag(lag)) if lag > seal_lag.saturating_mul(64) => {
                self.go(At::Copying, Next::Send)
            }
            (At::Copying, _) => self.go(At::Warming, Next::Warm),
            (At::Warming, _) => self.go(At::Following { windows: 0, throttles: 0 }, Next::Send),
            (At::Following { .. }, Saw::Lag(lag)) if lag <= seal_lag => {
                self.go(At::Sealing, Next::Seal)
            }
            (At::Following { windows, throttles }, _) if windows < patience => {
                self.go(At::Following { windows: windows + 1, throttles }, Next::Send)
            }
            (At::Following { throttles, .. }, _) if throttles < most => {
                self.go(At::Throttling { throttles: throttles + 1 }, Next::Throttle)
            }
            (At::Throttling { throttles }, _) => {
                self.go(At::Following { windows: 0, throttles }, Next::Send)
            }
            _ => self.end(Outcome::NotConverging),
        }
    }

    /// What the register says decides, and is never enough to learn on: see rule 2.
    fn settle(&mut self, owner: Node, epoch: u64) -> Next {
        if owner == self.me {
            if self.ending == Outcome::Completed {
                self.ending = Outcome::TargetLost;
            }
            if planted::has(Planted::ResumeOnARead) {
                self.epoch = epoch;
                return self.go(At::Unsealing, Next::Unseal { epoch });
            }
            return self.go(At::Reclaiming, Next::Reclaim { epoch });
        }
        let ending = if owner == self.target { Outcome::Completed } else { Outcome::Fenced };
        self.give_up(owner, epoch, ending)
    }

    /// The target hears of it first: what is held here is answered with where to ask then.
    fn give_up(&mut self, owner: Node, epoch: u64, ending: Outcome) -> Next {
        self.epoch = epoch;
        self.ending = ending;
        self.down = Some(owner);
        match ending {
            Outcome::Completed => self.go(At::Granting, Next::Grant { epoch }),
            _ => self.step_down(),
        }
    }

    fn step_down(&mut self) -> Next {
        let (owner, epoch) = (self.down.unwrap_or(self.target), self.epoch);
        self.go(At::SteppingDown, Next::StepDown { owner, epoch })
    }

    fn reclaim(&mut self, ending: Outcome) -> Next {
        self.ending = ending;
        self.go(At::Reclaiming, Next::Reclaim { epoch: self.epoch })
    }

    fn end(&mut self, ending: Outcome) -> Next {
        self.ending = ending;
        self.go(At::Ended, Next::End(ending))
    }

    fn go(&mut self, at: At, next: Next) -> Next {
        self.at = at;
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Node = Node([1; 32]);
    const B: Node = Node([2; 32]);
    const C: Node = Node([3; 32]);

    fn steps(bounds: Bounds, seen: &[Saw]) -> Vec<Next> {
        let mut source = Source::new(A, B, 5, bounds);
        let mut steps = vec![source.begin()];
        steps.extend(seen.iter().map(|saw| source.saw(*saw)));
        steps
    }

    fn to_the_seal() -> Vec<Saw> {
        vec![Saw::Done, Saw::Lag(9), Saw::Done, Saw::Lag(9)]
    }

    fn after_the_seal(seen: &[Saw]) -> Vec<Next> {
        let all = [to_the_seal(), seen.to_vec()].concat();
        steps(Bounds::default(), &all).split_off(4)
    }

    #[test]
    fn a_departure_goes_its_way() {
        let all = [to_the_seal(), vec![Saw::Done, Saw::Done, Saw::Set(6), Saw::Done, Saw::Done]];
        assert_eq!(
            steps(Bounds::default(), &all.concat()),
            [
                Next::Hello,
                Next::Send,
                Next::Warm,
                Next::Send,
                Next::Seal,
                Next::Agree,
                Next::Commit { epoch: 5 },
                Next::Grant { epoch: 6 },
                Next::StepDown { owner: B, epoch: 6 },
                Next::End(Outcome::Completed),
            ]
        );
    }

    #[test]
    fn an_abort_takes_a_fresh_epoch_and_never_resumes_on_a_read() {
        let lost = [Saw::Done, Saw::Done, Saw::Lost, Saw::Cell(A, 5), Saw::Set(6), Saw::Done];
        assert_eq!(
            after_the_seal(&lost),
            [
                Next::Seal,
                Next::Agree,
                Next::Commit { epoch: 5 },
                Next::Read,
                Next::Reclaim { epoch: 5 },
                Next::Unseal { epoch: 6 },
                Next::End(Outcome::TargetLost),
            ]
        );
        let differs = [Saw::Done, Saw::Differs, Saw::Set(6), Saw::Done];
        assert_eq!(
            after_the_seal(&differs)[2..],
            [
                Next::Reclaim { epoch: 5 },
                Next::Unseal { epoch: 6 },
                Next::End(Outcome::DigestMismatch)
            ]
        );
    }

    #[test]
    fn a_commit_whose_answer_was_lost_is_found_in_the_register() {
        let seen = [Saw::Done, Saw::Done, Saw::Lost, Saw::Lost, Saw::Cell(B, 6), Saw::Done];
        assert_eq!(
            after_the_seal(&seen)[3..],
            [
                Next::Read,
                Next::Read,
                Next::Grant { epoch: 6 },
                Next::StepDown { owner: B, epoch: 6 }
            ]
        );
        let seen = [Saw::Done, Saw::Done, Saw::Cell(C, 9), Saw::Done];
        assert_eq!(
            after_the_seal(&seen)[3..],
            [Next::StepDown { owner: C, epoch: 9 }, Next::End(Outcome::Fenced)]
        );
    }

    #[test]
    fn a_target_that_cannot_keep_up_throttles_learning_and_then_ends_it() {
        let bounds = Bounds { seal_lag: 4, patience: 1, throttles: 1 };
        let slow = [Saw::Done, Saw::Lag(1_000), Saw::Lag(9), Saw::Done].into_iter();
        let slow: Vec<Saw> = slow.chain([Saw::Lag(9); 6]).collect();
        assert_eq!(
            steps(bounds, &slow)[2..],
            [
                Next::Send,
                Next::Warm,
                Next::Send,
                Next::Send,
                Next::Throttle,
                Next::Send,
                Next::Send,
                Next::End(Outcome::NotConverging),
                Next::End(Outcome::NotConverging),
            ]
        );
    }

    #[test]
    fn it_can_be_cancelled_until_the_commit() {
        for n in 0..4 {
            let seen = [to_the_seal()[..n].to_vec(), vec![Saw::Cancel]].concat();
            let last = steps(Bounds::default(), &seen).pop();
            assert_eq!(last, Some(Next::End(Outcome::Cancelled)), "after {n} steps");
        }
        assert_eq!(after_the_seal(&[Saw::Done, Saw::Cancel])[2], Next::Reclaim { epoch: 5 });
    }
}
