//! How much memory the process has, and how much it may have.

/// The process's resident memory in bytes, if the system reports it.
pub(in crate::gateway) fn resident() -> Option<u64> {
    resident_of(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// Of a text like `/proc/self/status`. It counts in kB, whatever the size of a page is, which differs between machines (4, 16
/// or 64 KiB).
fn resident_of(status: &str) -> Option<u64> {
    let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = size.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

/// Nine tenths of what the control group allows, if it sets a limit.
pub(in crate::gateway) fn allowed() -> Option<u64> {
    let text = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?;
    Some(text.trim().parse::<u64>().ok()? / 10 * 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory() {
        let rows = [
            ("Name:\tsunward\nVmHWM:\t  9999 kB\nVmRSS:\t   13312 kB\nRssAnon:\t 1 kB\n", Some(13_312 * 1024)),
            ("VmRSS:\t0 kB\n", Some(0)),
            ("Name:\ta kernel thread has none\n", None),
            ("VmRSS:\tmany kB\n", None),
            ("VmRSS:\t18446744073709551615 kB\n", None),
        ];
        let read: Vec<_> = rows.iter().map(|(status, _)| resident_of(status)).collect();
        assert_eq!(read, rows.map(|(_, expected)| expected));
        #[cfg(target_os = "linux")]
        assert!(resident().is_some_and(|bytes| (1 << 20..1 << 40).contains(&bytes)), "{:?}", resident());
    }
}
