//! The system calls that a locked-up process may make. Every other one fails with `EPERM`: also
//! those that nobody thought of, and those of kernels to come.

use std::collections::BTreeMap;

use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// What answers requests over sockets that are open, reads files, sleeps, and takes memory.
const ALLOWED: &[i64] = &[
    // Bytes in and out of what is open.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_close,
    libc::SYS_lseek,
    // Who comes in by the socket that was bound before.
    libc::SYS_accept4,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    // What files are there.
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_getdents64,
    // Memory; what may be mapped is below.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // Threads that are there already, time, signals, the end.
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// What would write, make or empty a file, by the flags of `openat`.
const WRITES: i32 = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;

/// The filter.
pub fn filter() -> Result<BpfProgram, String> {
    let text = |e: seccompiler::BackendError| e.to_string();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
    for (call, wanted) in conditions() {
        let made: Result<Vec<_>, _> = wanted
            .into_iter()
            .map(|(arg, op, value)| SeccompCondition::new(arg, SeccompCmpArgLen::Dword, op, value))
            .collect();
        let rule = made.and_then(SeccompRule::new).map_err(text)?;
        rules.entry(call).or_default().push(rule);
    }
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    let arch = std::env::consts::ARCH.try_into().map_err(text)?;
    SeccompFilter::new(rules, denied, SeccompAction::Allow, arch)
        .and_then(TryInto::try_into)
        .map_err(text)
}

/// An argument, how it is compared, and with what.
type Wanted = (u8, SeccompCmpOp, u64);

/// Calls that may be made with certain arguments only. Of several lines of a call one is enough.
fn conditions() -> Vec<(i64, Vec<Wanted>)> {
    let mask = |bits: i32| MaskedEq(bits as u64);
    let (exec, change) = (libc::PROT_EXEC, libc::PROT_EXEC | libc::PROT_WRITE);
    let own = u64::from(std::process::id());
    let mut all = vec![
        (libc::SYS_openat, vec![(2, mask(WRITES), 0)]),
        // Memory of one's own may be written; what is shared with a file may be read.
        (libc::SYS_mmap, vec![(2, mask(change), 0)]),
        (libc::SYS_mmap, vec![(2, mask(exec), 0), (3, mask(libc::MAP_SHARED), 0)]),
        (libc::SYS_mprotect, vec![(2, mask(exec), 0)]),
        (libc::SYS_ioctl, vec![(1, Eq, libc::FIONBIO)]),
        // How a process ends that panics while it panics.
        (libc::SYS_tgkill, vec![(0, Eq, own)]),
    ];
    for command in [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL] {
        all.push((libc::SYS_fcntl, vec![(1, Eq, command as u64)]));
    }
    all
}
