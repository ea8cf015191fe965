//! A store in a forked child, as a pre-forking server does it (TB11).
//!
//! The child has one thread, the one that forked. A lock that another thread held at that moment stays held in it for
//! ever, as its holder is not there.

use super::{Body, TraceBuffer, Watch, label};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pipe, read, write};
use racehunt_core::history::Why;
use racehunt_core::id::Id;
use racehunt_sync::time::Instant;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// What became of the child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Child {
    /// It ended by itself: whether it stored the trace, and what it evicted.
    Ended(bool, Vec<Id>),
    /// It did not in time, and was killed.
    Hung,
}

/// Stores `body` in a forked child, which has `timeout` for it.
///
/// # Errors
/// When there is no process or pipe to be had.
pub(super) fn store(buffer: &dyn TraceBuffer, body: &dyn Body, timeout: Duration) -> nix::Result<Child> {
    let (from_child, to_parent) = pipe()?;
    let parent = getpid();
    // SAFETY: the child runs the store and nothing else, and leaves without a destructor of the parent's. A store may
    // allocate, which glibc allows in the child of a process with threads; that it may also meet a lock which is never
    // given up is what is looked for, and the parent does not wait longer than `timeout` for it.
    match unsafe { fork() }? {
        ForkResult::Child => leave(in_child(buffer, body, parent, to_parent)),
        ForkResult::Parent { child } => {
            drop(to_parent);
            Ok(await_child(child, &from_child, timeout))
        }
    }
}

/// Ends the process at once: exit handlers and destructors are the parent's.
fn leave(stored: bool) -> ! {
    // SAFETY: ends the calling process, and touches no memory.
    unsafe { nix::libc::_exit(i32::from(!stored)) }
}

fn in_child(buffer: &dyn TraceBuffer, body: &dyn Body, parent: Pid, to_parent: OwnedFd) -> bool {
    // It may not outlive the thread that waits for it, in case that is killed. The parent may be gone already.
    if set_pdeathsig(Signal::SIGKILL).is_err() || getppid() != parent {
        return false;
    }
    let stored = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| buffer.store(body, &mut Told(to_parent))));
    stored.is_ok_and(|stored| stored.is_ok())
}

/// Tells the parent what was removed, eight bytes for each.
struct Told(OwnedFd);

impl Watch for Told {
    fn removing(&mut self, _file: &Path, _why: Why) {}

    fn removed(&mut self, file: &Path, _why: Why) {
        if let Some(id) = label::id_of(file) {
            // A pipe takes thousands of them; what it does not take the parent will miss, and say so.
            let _ = write(&self.0, &id.0.to_le_bytes());
        }
    }
}

fn await_child(child: Pid, from_child: &OwnedFd, timeout: Duration) -> Child {
    let deadline = Instant::now() + timeout;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) if Instant::now() < deadline => std::thread::sleep(Duration::from_micros(200)),
            Ok(WaitStatus::StillAlive) => {
                // Ours, and not waited for yet: the number cannot be another's.
                let _ = kill(child, Signal::SIGKILL);
                let _ = waitpid(child, None);
                return Child::Hung;
            }
            Ok(status) => return Child::Ended(status == WaitStatus::Exited(child, 0), told(from_child)),
            Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return Child::Ended(false, told(from_child)),
        }
    }
}

/// What a child that has ended left in the pipe. (Another one that is forked at the same time may hold its other end,
/// so that its end may not be seen.)
fn told(from_child: &OwnedFd) -> Vec<Id> {
    let flags = nix::fcntl::OFlag::O_NONBLOCK;
    if nix::fcntl::fcntl(from_child.as_fd(), nix::fcntl::FcntlArg::F_SETFL(flags)).is_err() {
        return Vec::new();
    }
    let mut ids = Vec::new();
    let mut bytes = [0; 8];
    // Writes of so few bytes are whole.
    while let Ok(8) = read(from_child.as_fd(), &mut bytes) {
        ids.push(Id(u64::from_le_bytes(bytes)));
    }
    ids
}
