//! The layers, as Linux has them.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Layer, Needs};

/// Bytes that may still be written to a file that standard error or output goes to.
const LOG_BYTES: u64 = 1 << 20;

pub fn before_threads(needs: Needs<'_>) -> Vec<Layer> {
    let no_new_privs = rustix::thread::set_no_new_privs(true);
    let no_new_privs = no_new_privs.map(|()| "programs give this process no more rights".into());
    vec![Layer::of("no_new_privs", no_new_privs), landlock(needs)]
}

pub fn after_threads(needs: Needs<'_>) -> Vec<Layer> {
    // The filter comes last: it refuses to set limits.
    vec![Layer::of("limits", limits(needs)), seccomp()]
}

/// Reading below one directory, and nothing else of files, TCP ports, other processes.
fn landlock(needs: Needs<'_>) -> Layer {
    const NAME: &str = "landlock";
    let restrict = || -> Result<RestrictionStatus, RulesetError> {
        // What newer kernels add after this is not handled; an older one does what it can.
        let abi = ABI::V6;
        let dir = PathFd::new(needs.dir).map_err(|e| e.to_string());
        let rules = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?;
        match dir {
            Ok(dir) => {
                let reads = AccessFs::ReadFile | AccessFs::ReadDir;
                rules.add_rule(PathBeneath::new(dir, reads))?.restrict_self()
            }
            // Without the directory nothing may be read: what it serves is gone.
            Err(_) => rules.restrict_self(),
        }
    };
    match restrict().map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Layer::whole(
            NAME,
            "reads below the copy's directory; no other file, TCP port or process",
        ),
        Ok(RulesetStatus::PartiallyEnforced) => Layer::part(
            NAME,
            "this kernel's Landlock knows only a part of what was asked for (Linux 6.12 knows all)",
        ),
        Ok(RulesetStatus::NotEnforced) => {
            Layer::missing(NAME, "this kernel has no Landlock, or it is switched off")
        }
        Err(e) => Layer::missing(NAME, e.to_string()),
    }
}

/// No dumps of memory, no new processes, no files that grow, and as many open as are needed.
/// Memory is not bounded: how much a model takes is not known, and a refused allocation ends a
/// process.
fn limits(needs: Needs<'_>) -> io::Result<String> {
    let out = io::stdout().as_fd().try_clone_to_owned()?;
    let err = io::stderr().as_fd().try_clone_to_owned()?;
    let log = [out, err].map(|fd| File::from(fd).metadata());
    let log = log.into_iter().flatten().filter(std::fs::Metadata::is_file);
    let fsize = log.map(|m| m.size() + LOG_BYTES).max().unwrap_or(0);
    let files = getrlimit(Resource::Nofile).maximum.map_or(needs.files, |m| m.min(needs.files));
    for (resource, limit) in [
        (Resource::Core, 0),
        (Resource::Fsize, fsize),
        (Resource::Nofile, files),
        (Resource::Nproc, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    Ok(format!("{files} open files, {fsize} bytes of a file (its log), no dump, no new process"))
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn seccomp() -> Layer {
    let done = super::syscalls::filter().and_then(|program| {
        seccompiler::apply_filter_all_threads(&program).map_err(|e| e.to_string())
    });
    let what = "system calls of a list, for every thread; socket, connect, exec and the like fail";
    Layer::of("seccomp", done.map(|()| what.to_owned()))
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn seccomp() -> Layer {
    Layer::missing("seccomp", "no list of system calls was made for this processor")
}
