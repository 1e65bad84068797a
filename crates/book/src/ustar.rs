//! ustar in the one way in which a book is written: regular files of mode 0644 that belong to
//! nobody and are as old as the epoch. A header that differs in any byte from the one that its name
//! and size give is refused, so there is nothing in it that a reader would have to judge.

use std::io::{self, Write};

use crate::error::{Fault, Flaw};

pub(crate) const BLOCK: usize = 512;
/// Eleven octal digits.
pub(crate) const SIZE_MAX: u64 = (1 << 33) - 1;

/// The header of a file.
pub(crate) fn header(name: &str, size: u64) -> Result<tar::Header, Flaw> {
    if size > SIZE_MAX {
        let found = format!("{name} has {size} bytes, and ustar holds {SIZE_MAX} in a file");
        return Err(Flaw::input(found, "divide it into several layers"));
    }
    let mut header = tar::Header::new_ustar();
    header.set_path(name).map_err(|e| {
        Flaw::new(Fault::Path, format!("{name:?} can not be in a tar: {e}"), "choose another name")
    })?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

/// Zeros up to the next block.
pub(crate) fn padding(size: u64) -> usize {
    (size as usize).wrapping_neg() % BLOCK
}

/// The name and size in a header, which must be the header that we would write for them. The name
/// is not yet known to be harmless.
pub(crate) fn parse(block: &[u8; BLOCK]) -> Result<(String, u64), Flaw> {
    let found = tar::Header::from_byte_slice(block);
    let shown = String::from_utf8_lossy(&found.path_bytes()).into_owned();
    let leads_out = shown.starts_with('/') || shown.split('/').any(|part| part == "..");
    if leads_out {
        let found = format!("the tar names {shown:?}, which leads out of the book");
        let remedy = "do not unpack this file; ask for it where it came from";
        return Err(Flaw::new(Fault::Path, found, remedy));
    }
    let odd = || Flaw::damaged(Fault::NotCanonical, "a tar header is not as a book's are");
    let size = found.entry_size().map_err(|_| odd())?;
    let wanted = header(&shown, size).map_err(|_| odd())?;
    if wanted.as_bytes() != block {
        return Err(odd());
    }
    Ok((shown, size))
}

/// Writes zeros to the end of the block, and what ends a tar if this was its last file.
pub(crate) fn pad(out: &mut impl Write, size: u64, last: bool) -> io::Result<()> {
    const ZEROS: [u8; 3 * BLOCK] = [0; 3 * BLOCK];
    out.write_all(&ZEROS[..padding(size) + if last { 2 * BLOCK } else { 0 }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_of_a_header_is_fixed_by_name_and_size() {
        let mut block = *header("blobs/sha256/ab", 4711).unwrap().as_bytes();
        assert_eq!(parse(&block).unwrap(), ("blobs/sha256/ab".into(), 4711));
        for i in 0..BLOCK {
            for bit in 0..8 {
                block[i] ^= 1 << bit;
                assert!(parse(&block).is_err(), "byte {i}, bit {bit}");
                block[i] ^= 1 << bit;
            }
        }
    }

    #[test]
    fn names_that_lead_out_are_refused_by_name() {
        for name in ["/etc/passwd", "../up", "blobs/../../up", ".."] {
            let mut header = tar::Header::new_ustar();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(0);
            header.set_cksum();
            let flaw = parse(header.as_bytes()).unwrap_err();
            assert_eq!(flaw.fault, Fault::Path, "{name}");
            assert!(flaw.found.contains(name), "{}", flaw.found);
        }
    }

    #[test]
    fn sizes_beyond_eleven_octal_digits_are_refused() {
        assert!(header("state.bin", SIZE_MAX).is_ok());
        assert_eq!(header("state.bin", SIZE_MAX + 1).unwrap_err().fault, Fault::Input);
    }
}
