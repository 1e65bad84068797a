//! Memory that this process holds: how much, where the system tells, and back what is free.

/// What Linux tells as `VmRSS`.
pub(crate) fn bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Gives memory that was freed back to the system, as far as the allocator keeps it. glibc's keeps
/// what lies between other things: of identities that went to rest some 20 MB each. Takes some
/// milliseconds, in which others that allocate may wait. Where there is another allocator, nothing
/// happens.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the call has no safe form; it takes no pointer")]
    // SAFETY: glibc locks each arena, and gives back only pages that nothing lies in.
    unsafe {
        libc::malloc_trim(0);
    }
}
