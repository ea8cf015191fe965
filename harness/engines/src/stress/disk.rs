//! Keeps a trial from filling the disk.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Least time between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// Time between two looks as a multiple of what one takes.
const SHARE: u32 = 20;

/// How much of the disk a trial may use. Looked at some ten times a second; a trial that goes beyond ends with a doubt.
#[derive(Clone, Copy, Debug)]
pub struct DiskBounds {
    /// Bytes that the trial's directory may hold, journals included. Default: 2 GiB.
    pub most: u64,
    /// Bytes that must stay free on its file system. Default: 256 MiB.
    pub free: u64,
}

/// How the doubt begins.
const ENDED: &str = "ended early, for want of room: ";

/// True if a trial with this doubt ended because it might not use more of the disk.
#[must_use]
pub fn is_out_of_room(doubt: &str) -> bool {
    doubt.starts_with(ENDED)
}

/// Environment variable in which a worker finds how many bytes its trial may use.
pub(crate) const MOST: &str = "RACEHUNT_DISK";

impl DiskBounds {
    /// Those that the harness has set for this process.
    pub(super) fn asked() -> Self {
        let default = Self::default();
        let most = std::env::var(MOST).ok().and_then(|most| most.parse().ok());
        Self { most: most.unwrap_or(default.most), ..default }
    }
}

impl Default for DiskBounds {
    fn default() -> Self {
        Self { most: 2 << 30, free: 256 << 20 }
    }
}

/// A thread that looks. It ends when this is dropped.
pub(super) struct Guard {
    full: Arc<OnceLock<String>>,
    used: Arc<AtomicU64>,
    _end: Sender<()>,
}

impl Guard {
    pub(super) fn start(dir: PathBuf, bounds: DiskBounds) -> Self {
        let full = Arc::new(OnceLock::new());
        let (end, ended) = channel::<()>();
        let found = Arc::clone(&full);
        let used = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&used);
        std::thread::spawn(move || {
            let mut pause = PAUSE;
            while found.get().is_none() && ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let from = Instant::now();
                let used = used_below(&dir).unwrap_or_default();
                told.store(used, Ordering::Relaxed);
                if let Some(why) = look(&dir, used, bounds) {
                    let _ = found.set(why);
                }
                pause = PAUSE.max(from.elapsed() * SHARE);
            }
        });
        Self { full, used, _end: end }
    }

    /// Why the trial must end, if it must.
    pub(super) fn full(&self) -> Option<&str> {
        self.full.get().map(String::as_str)
    }

    /// Bytes that the directory held at the last look.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

fn look(dir: &Path, used: u64, bounds: DiskBounds) -> Option<String> {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    if used > bounds.most {
        let (used, most) = (mib(used), mib(bounds.most));
        return Some(format!("{ENDED}the trial's directory holds {used:.0} MiB, more than the {most:.0} allowed"));
    }
    let system = nix::sys::statvfs::statvfs(dir).ok()?;
    let free = system.blocks_available().saturating_mul(system.fragment_size());
    (free < bounds.free).then(|| {
        format!("{ENDED}the disk has {:.0} MiB left, fewer than the {:.0} kept free", mib(free), mib(bounds.free))
    })
}

/// Bytes on disk of all files below; those that vanish meanwhile are not counted.
fn used_below(dir: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)?.flatten() {
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => sum += used_below(&entry.path()).unwrap_or_default(),
            Ok(meta) => sum += meta.blocks() * 512,
            Err(_) => {}
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_and_too_little_are_told_and_enough_is_not() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("deep")).unwrap();
        fs::write(dir.path().join("deep/file"), vec![1; 3 << 20]).unwrap();
        let used = used_below(dir.path()).unwrap();
        let look = |most, free| look(dir.path(), used, DiskBounds { most, free });
        assert_eq!(look(1 << 30, 0), None);
        assert!(look(1 << 20, 0).unwrap().contains("more than the 1 allowed"));
        assert!(look(1 << 30, u64::MAX).unwrap().contains("kept free"));
    }
}
