//! Bytes to rows: River's `stream`, without the I/O.
