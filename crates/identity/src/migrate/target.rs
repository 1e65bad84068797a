//! The arriving side: what a staged identity may believe.

use super::Node;
use crate::journal::Head;

/// Why the arriving side does not do what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It speaks of another departure, or of one before this process was started.
    Stranger,
    /// It comes from another node than the one that sends the life.
    NotTheSource,
    /// What both sides have is not the same.
    Differs,
    /// It was not agreed on, or was granted once already.
    Spent,
}

/// An identity that arrives: hidden from clients until it is granted or found in the register.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Staged {
    /// Who sends it.
    from: Node,
    /// Drawn anew by each process and each departure: a grant of an earlier one is a stranger's.
    nonce: u64,
    agreed: bool,
    spent: bool,
}

impl Staged {
    /// A departure that begins, with a nonce that was drawn for it.
    pub fn new(from: Node, nonce: u64) -> Self {
        Self { from, nonce, agreed: false, spent: false }
    }

    /// What the source is to say with all that follows.
    pub fn nonce(&self) -> u64 {
        self.nonce
    }

    /// More of the life comes: what was agreed on is no more the end of it.
    pub fn more(&mut self, from: Node, nonce: u64) -> Result<(), Refusal> {
        self.check(from, nonce)?;
        self.agreed = false;
        Ok(())
    }

    /// The source sealed at `theirs`; this side durably stands at `ours`.
    pub fn agree(
        &mut self,
        from: Node,
        nonce: u64,
        (ours, our_proof): (Head, [u8; 32]),
        (theirs, their_proof): (Head, [u8; 32]),
    ) -> Result<(), Refusal> {
        self.check(from, nonce)?;
        if ours != theirs || our_proof != their_proof {
            return Err(Refusal::Differs);
        }
        self.agreed = true;
        Ok(())
    }

    /// The source says that the register names us. Believed once, by the process that agreed.
    pub fn grant(&mut self, from: Node, nonce: u64) -> Result<(), Refusal> {
        self.check(from, nonce)?;
        if !self.agreed || self.spent {
            return Err(Refusal::Spent);
        }
        self.spent = true;
        Ok(())
    }

    fn check(&self, from: Node, nonce: u64) -> Result<(), Refusal> {
        if nonce != self.nonce {
            return Err(Refusal::Stranger);
        }
        if from != self.from {
            return Err(Refusal::NotTheSource);
        }
        if self.spent { Err(Refusal::Spent) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Digest;

    const A: Node = Node([1; 32]);
    const B: Node = Node([2; 32]);

    fn head(seq: u64) -> (Head, [u8; 32]) {
        (Head { seq, epoch: 1, digest: Digest([seq as u8; 16]) }, [7; 32])
    }

    #[test]
    fn a_grant_counts_once_and_only_for_what_was_agreed() {
        let mut staged = Staged::new(A, 42);
        assert_eq!(staged.grant(A, 42), Err(Refusal::Spent));
        assert_eq!(staged.agree(A, 42, head(3), head(4)), Err(Refusal::Differs));
        assert_eq!(staged.agree(A, 42, head(4), (head(4).0, [8; 32])), Err(Refusal::Differs));
        assert_eq!(staged.agree(A, 41, head(4), head(4)), Err(Refusal::Stranger));
        assert_eq!(staged.agree(B, 42, head(4), head(4)), Err(Refusal::NotTheSource));
        assert_eq!(staged.agree(A, 42, head(4), head(4)), Ok(()));
        assert_eq!(staged.more(A, 42), Ok(()));
        assert_eq!(staged.grant(A, 42), Err(Refusal::Spent), "more came after the agreement");
        assert_eq!(staged.agree(A, 42, head(5), head(5)), Ok(()));
        assert_eq!(staged.grant(A, 42), Ok(()));
        assert_eq!(staged.grant(A, 42), Err(Refusal::Spent));
        assert_eq!(staged.more(A, 42), Err(Refusal::Spent));
    }
}
