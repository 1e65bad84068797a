//! A layer's blob: one file in a tar, compressed with zstd. Both ways in a stream, so that a layer
//! may be larger than memory.

use std::io::{self, BufReader, Read, Write};

use crate::digest::{Digest, Hashing};
use crate::error::{Fault, Flaw};
use crate::layer::Kind;
use crate::ustar::{self, BLOCK};

/// Fixed, as every other setting of the compressor: the same content gives the same bytes.
const LEVEL: i32 = 9;
/// Frames that want a larger window than 2 to this are not ours, and would take memory.
const WINDOW_LOG_MAX: u32 = 25;
/// Bytes that are worked on at a time.
const CHUNK: usize = 1 << 17;

/// What became of a file.
pub(crate) struct Packed {
    /// Of the compressed blob.
    pub digest: Digest,
    /// Length of the blob.
    pub bytes: u64,
    /// Of the tar within; ModelPack calls it the layer's DiffID.
    pub diff_id: Digest,
}

/// Compresses one file into `out`. `fill` writes its `size` bytes.
pub(crate) fn pack(
    out: impl Write,
    name: &str,
    size: u64,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Flaw>,
) -> Result<Packed, Flaw> {
    let io = |e: io::Error| Flaw::io(&e);
    let mut encoder = zstd::Encoder::new(Hashing::new(out), LEVEL).map_err(io)?;
    let whole = BLOCK as u64 + size + ustar::padding(size) as u64 + 2 * BLOCK as u64;
    encoder.set_pledged_src_size(Some(whole)).map_err(io)?;
    encoder.include_checksum(true).map_err(io)?;
    let mut tar = Hashing::new(encoder);
    tar.write_all(ustar::header(name, size)?.as_bytes()).map_err(io)?;
    let mut file = Counted { inner: &mut tar, left: size };
    fill(&mut file)?;
    if file.left != 0 {
        let found = format!("{name} ended {} bytes before its {size}", file.left);
        return Err(Flaw::input(found, "do not change what is being written"));
    }
    ustar::pad(&mut tar, size, true).map_err(io)?;
    let (encoder, diff_id, _) = tar.finish();
    let (_, digest, bytes) = encoder.finish().map_err(io)?.finish();
    Ok(Packed { digest, bytes, diff_id })
}

/// Lets exactly so many bytes through.
struct Counted<W> {
    inner: W,
    left: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.len() as u64 > self.left {
            return Err(io::Error::other("there is more of it than was said"));
        }
        let n = self.inner.write(data)?;
        self.left -= n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Unpacks a blob whose file must be that of `kind`, of `size` bytes, into `sink`, and gives the
/// digest of the tar. On an error, what was written to the sink is worth nothing.
pub(crate) fn unpack(
    blob: impl Read,
    kind: &Kind,
    size: u64,
    sink: &mut dyn Write,
) -> Result<Digest, Flaw> {
    let odd = |e: io::Error| Flaw::damaged(Fault::Format, format!("zstd can not unpack it: {e}"));
    let blob = BufReader::with_capacity(CHUNK, blob);
    let mut decoder = zstd::Decoder::with_buffer(blob).map_err(odd)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(odd)?;
    let mut sha = Hashing::new(io::sink());
    let mut buffer = vec![0; CHUNK];
    let mut next = |decoder: &mut dyn Read, part: &mut [u8]| {
        decoder.read_exact(part).and_then(|()| sha.write_all(part)).map_err(odd)
    };
    next(&mut decoder, &mut buffer[..BLOCK])?;
    check_header(&buffer[..BLOCK], kind, size)?;
    let mut left = size;
    while left > 0 {
        let part = &mut buffer[..left.min(CHUNK as u64) as usize];
        next(&mut decoder, part)?;
        sink.write_all(part).map_err(|e| Flaw::io(&e))?;
        left -= part.len() as u64;
    }
    let rest = &mut buffer[..ustar::padding(size) + 2 * BLOCK];
    next(&mut decoder, rest)?;
    if rest.iter().any(|b| *b != 0) {
        return Err(Flaw::damaged(Fault::Extra, "there is something behind the layer's file"));
    }
    let beyond = decoder.read(&mut [0]).map_err(odd)?;
    let mut blob = decoder.finish();
    if beyond > 0 || blob.read(&mut [0]).map_err(odd)? > 0 {
        let found = format!("it unpacks to more than the {size} bytes that it declares");
        let remedy = "do not unpack it; ask for the book where it came from";
        return Err(Flaw::new(Fault::TooLarge, found, remedy));
    }
    Ok(sha.finish().1)
}

fn check_header(head: &[u8], kind: &Kind, size: u64) -> Result<(), Flaw> {
    let head: &[u8; BLOCK] = head.try_into().map_err(|_| {
        Flaw::damaged(Fault::Truncated, "the layer's tar ends within its first header")
    })?;
    let (name, found) = ustar::parse(head)?;
    if name != kind.file_name() {
        let found = format!("the layer's tar holds {name:?} instead");
        return Err(Flaw::damaged(Fault::Path, found));
    }
    if found != size {
        let found = format!("it holds {found} bytes and declares {size}");
        return Err(Flaw::damaged(Fault::NotCanonical, found));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(data: &[u8], chunk: usize) -> (Vec<u8>, Packed) {
        let mut out = Vec::new();
        let packed = pack(&mut out, "state.bin", data.len() as u64, |sink| {
            data.chunks(chunk).try_for_each(|part| sink.write_all(part).map_err(|e| Flaw::io(&e)))
        });
        (out, packed.unwrap())
    }

    #[test]
    fn how_it_is_handed_in_changes_no_byte() {
        let data: Vec<u8> = (0..400_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        let (whole, first) = packed(&data, data.len());
        for chunk in [1, 7, 4096, 131_072, 131_073] {
            let (bytes, again) = packed(&data, chunk);
            assert!(bytes == whole, "chunks of {chunk}");
            assert_eq!(again.diff_id, first.diff_id);
        }
        let mut back = Vec::new();
        let diff_id = unpack(&whole[..], &Kind::State, data.len() as u64, &mut back).unwrap();
        assert!(back == data && diff_id == first.diff_id);
    }

    #[test]
    fn a_bomb_stops_at_what_it_declares() {
        // A gigabyte of zeros in some 30 kB, which calls itself a file of 16 bytes.
        let mut bomb = Vec::new();
        let mut encoder = zstd::Encoder::new(&mut bomb, LEVEL).unwrap();
        encoder.write_all(ustar::header("state.bin", 16).unwrap().as_bytes()).unwrap();
        io::copy(&mut io::repeat(0).take(1 << 30), &mut encoder).unwrap();
        encoder.finish().unwrap();
        let mut back = Vec::new();
        let flaw = unpack(&bomb[..], &Kind::State, 16, &mut back).unwrap_err();
        assert_eq!((flaw.fault, back.len()), (Fault::TooLarge, 16), "{}", flaw.found);
    }

    #[test]
    fn a_second_frame_a_wide_window_and_another_file_are_refused() {
        let (bytes, _) = packed(b"exact", 5);
        let twice = [&bytes[..], &bytes[..]].concat();
        let fault = |bytes: &[u8], kind: &Kind, size| {
            unpack(bytes, kind, size, &mut io::sink()).unwrap_err().fault
        };
        assert_eq!(fault(&twice, &Kind::State, 5), Fault::TooLarge);
        assert_eq!(fault(&bytes, &Kind::Base, 5), Fault::Path);
        assert_eq!(fault(&bytes, &Kind::State, 6), Fault::NotCanonical);
        let mut wide = Vec::new();
        let mut encoder = zstd::Encoder::new(&mut wide, LEVEL).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&[1; 600]).unwrap();
        encoder.finish().unwrap();
        assert_eq!(fault(&wide, &Kind::State, 5), Fault::Format);
    }

    #[test]
    fn content_that_is_not_as_long_as_it_was_said_is_refused() {
        for given in [4, 6] {
            let done = pack(io::sink(), "state.bin", 5, |sink| {
                sink.write_all(&vec![1; given]).map_err(|e| Flaw::io(&e))
            });
            assert!(done.is_err(), "{given} bytes for 5");
        }
    }
}
