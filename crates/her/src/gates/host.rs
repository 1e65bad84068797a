//! The machine and this process, as Linux tells of them; nothing where it does not.

/// Memory that this process has in use, in MiB.
pub(super) fn memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(kib(&status, "VmRSS:")? / 1024.0)
}

/// Share of the machine's memory that is in use, from 0 to 1.
pub(super) fn memory_share() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/meminfo").ok()?;
    let (all, free) = (kib(&told, "MemTotal:")?, kib(&told, "MemAvailable:")?);
    (all > 0.0).then(|| 1.0 - free / all)
}

/// Processes that want a core, over the cores; the mean of about the last minute.
pub(super) fn load() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/loadavg").ok()?;
    let minute: f64 = told.split_whitespace().next()?.parse().ok()?;
    let cores = std::thread::available_parallelism().ok()?.get();
    Some(minute / cores as f64)
}

/// How much of this machine is used: processes that want a core, over its cores, and the share of
/// memory. What the system does not tell is not a number, and such a node is chosen last.
pub(crate) fn used() -> (f64, f64) {
    (load().unwrap_or(f64::NAN), memory_share().unwrap_or(f64::NAN))
}

/// The number of a line such as `VmRSS:  1234 kB`.
fn kib(told: &str, name: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        assert_eq!(kib("VmPeak: 9 kB\nVmRSS:\t  2048 kB\n", "VmRSS:"), Some(2048.0));
        assert_eq!(kib("VmRSS: many\n", "VmRSS:"), None);
        if cfg!(target_os = "linux") {
            assert!(memory_mib().unwrap() > 1.0);
            assert!((0.0..=1.0).contains(&memory_share().unwrap()));
            assert!(load().unwrap() >= 0.0);
        }
    }
}
