//! An exchange that is longer than a frame comes in pieces, an event each: rows of a language
//! model's adapter are. With the last piece it happens, as one event would have; a process that
//! ends between two pieces has exchanged nothing, and the next exchange begins with its first.

use super::{Exchange, limits};
use crate::error::{Error, Result};
use crate::event::What;

/// A piece of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// How many bytes of the exchange come before it.
    pub at: u32,
    /// How many bytes the exchange has.
    pub of: u32,
    /// The bytes.
    pub bytes: Box<[u8]>,
}

impl Exchange {
    /// The events by which it happens: itself, or its pieces.
    ///
    /// # Errors
    /// When it is longer than an exchange may be.
    pub fn events(self) -> Result<Vec<What>> {
        let bytes = self.to_bytes();
        if bytes.len() <= limits::PIECE_BYTES {
            return Ok(vec![What::Sync(Box::new(self))]);
        }
        let of = checked(bytes.len())?;
        let piece = |(i, bytes): (usize, &[u8])| {
            let at = (i * limits::PIECE_BYTES) as u32;
            What::Piece(Piece { at, of, bytes: bytes.into() })
        };
        Ok(bytes.chunks(limits::PIECE_BYTES).enumerate().map(piece).collect())
    }
}

fn checked(bytes: usize) -> Result<u32> {
    if bytes > limits::EXCHANGE_BYTES {
        return Err(Error::invalid(format!(
            "an exchange of {bytes} bytes: one takes {}; use a coarser codec",
            limits::EXCHANGE_BYTES
        )));
    }
    Ok(bytes as u32)
}

/// Pieces that came, in their order, of an exchange that is not whole yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pieces {
    pub of: u32,
    pub bytes: Vec<u8>,
}

impl Pieces {
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The exchange, if this is the last piece of it. Changes nothing.
    pub fn whole(&self, piece: &Piece) -> Result<Option<Exchange>> {
        checked(piece.of as usize)?;
        let before = if piece.at == 0 { &[] } else { self.bytes.as_slice() };
        let follows = piece.at as usize == before.len() && (piece.at == 0 || piece.of == self.of);
        let end = piece.at as usize + piece.bytes.len();
        if !follows || piece.bytes.is_empty() || end > piece.of as usize {
            return Err(Error::invalid(format!(
                "a piece of {} bytes at {} of {} does not follow on the {} bytes of an exchange \
                 that came; begin it again",
                piece.bytes.len(),
                piece.at,
                piece.of,
                self.bytes.len()
            )));
        }
        if end < piece.of as usize {
            return Ok(None);
        }
        Exchange::from_bytes(&[before, &piece.bytes].concat()).map(Some)
    }

    /// Keeps a piece that is not the last one.
    pub fn keep(&mut self, piece: &Piece) {
        self.bytes.truncate(piece.at as usize);
        self.bytes.extend_from_slice(&piece.bytes);
        self.of = piece.of;
    }
}
