//! What processes use, as the kernel counts it.

use procfs::process::Process;

/// What a process uses; of several, the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory.
    pub rss_bytes: u64,
    /// Open files.
    pub open_files: u64,
    /// Threads.
    pub threads: u64,
}

impl Usage {
    /// Of this process; all 0 where the kernel does not tell.
    #[must_use]
    pub fn own() -> Self {
        of(&[std::process::id()])
    }
}

/// Of all these processes together. Those that have ended use nothing.
#[must_use]
pub fn of(pids: &[u32]) -> Usage {
    pids.iter().filter_map(|pid| one(*pid)).fold(Usage::default(), |sum, one| Usage {
        rss_bytes: sum.rss_bytes + one.rss_bytes,
        open_files: sum.open_files + one.open_files,
        threads: sum.threads + one.threads,
    })
}

fn one(pid: u32) -> Option<Usage> {
    let process = Process::new(pid.cast_signed()).ok()?;
    let stat = process.stat().ok()?;
    Some(Usage {
        rss_bytes: stat.rss * procfs::page_size(),
        open_files: process.fd_count().ok()? as u64,
        threads: stat.num_threads.cast_unsigned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something_and_one_that_is_not_there_does_not() {
        let own = Usage::own();
        assert!(own.rss_bytes > 1 << 20 && own.open_files >= 3 && own.threads >= 1, "{own:?}");
        assert_eq!(of(&[u32::MAX >> 1]), Usage::default());
        assert_eq!(of(&[]), Usage::default());
    }
}
