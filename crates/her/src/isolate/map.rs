//! The one place that asks for a file's bytes as memory: to see that they can't be written there.
#![expect(unsafe_code, reason = "mapping memory has no safe form")]

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::ptr::null_mut;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mprotect, munmap};

/// A page at most: it is never read or written, and the file has at least one byte.
const LEN: usize = 4096;

/// Tries to make a map of a file writable, to map it writable, and to open it anew to be mapped
/// writable. `Ok` when one of them worked. The first two no process may do with what it opened to
/// read; the third root may, whatever the file's mode, unless something holds it.
pub fn write_to_map(path: &Path) -> io::Result<()> {
    if map(&File::open(path)?).is_ok() {
        return Ok(());
    }
    map(&OpenOptions::new().read(true).write(true).open(path)?)
}

fn map(file: &File) -> io::Result<()> {
    // SAFETY: the kernel chooses where the new maps lie, nobody reads or writes them, and each is
    // taken away again before this returns; no other memory is touched.
    unsafe {
        let map = mmap(null_mut(), LEN, ProtFlags::READ, MapFlags::SHARED, file, 0)?;
        let made = mprotect(map, LEN, MprotectFlags::READ | MprotectFlags::WRITE);
        munmap(map, LEN)?;
        if made.is_ok() {
            return Ok(());
        }
        let both = ProtFlags::READ | ProtFlags::WRITE;
        let map = mmap(null_mut(), LEN, both, MapFlags::SHARED, file, 0)?;
        munmap(map, LEN)?;
    }
    Ok(())
}
