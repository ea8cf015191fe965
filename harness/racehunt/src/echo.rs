//! The terminal's echo of Ctrl-C.

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};
use std::io::stderr;

/// While this lives, Ctrl-C is not echoed as `^C`: bars leave the cursor at the end of a full line, where two more
/// characters move everything by a line, and a bar would be left behind.
#[derive(Debug)]
pub(crate) struct Hushed {
    before: Option<Termios>,
}

impl Hushed {
    /// Silences the terminal that stderr is on, if it is one and ours.
    pub(crate) fn new() -> Self {
        let before = tcgetattr(stderr()).ok().filter(|_| foreground());
        if let Some(before) = &before {
            let mut hushed = before.clone();
            hushed.local_flags.remove(LocalFlags::ECHOCTL);
            let _ = tcsetattr(stderr(), SetArg::TCSANOW, &hushed);
        }
        Self { before }
    }
}

impl Drop for Hushed {
    fn drop(&mut self) {
        if let Some(before) = self.before.as_ref().filter(|_| foreground()) {
            let _ = tcsetattr(stderr(), SetArg::TCSANOW, before);
        }
    }
}

/// A background job that changes its terminal is stopped for it.
fn foreground() -> bool {
    tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp())
}
