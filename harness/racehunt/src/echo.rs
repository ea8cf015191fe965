//! The terminal's echo of Ctrl-C.

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};
use std::io::stderr;

/// While this lives, Ctrl-C is not echoed as `^C`: bars leave the cursor at the end of a full line, where two more
/// characters move everything by a line, and a bar would be left behind.
#[derive(Debug)]
pub(crate) struct Hushed {
    /// It was echoed before.
    echoed: bool,
}

impl Hushed {
    /// Silences the terminal that stderr is on, if it is one and ours.
    pub(crate) fn new() -> Self {
        Self { echoed: set(false) }
    }
}

impl Drop for Hushed {
    fn drop(&mut self) {
        if self.echoed {
            set(true);
        }
    }
}

/// Switches the echo and tells whether that changed anything.
fn set(echo: bool) -> bool {
    // A background job that changes its terminal is stopped for it.
    let ours = tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp());
    let Ok(mut terminal) = tcgetattr(stderr()) else { return false };
    let differs = terminal.local_flags.contains(LocalFlags::ECHOCTL) != echo;
    terminal.local_flags.set(LocalFlags::ECHOCTL, echo);
    ours && differs && tcsetattr(stderr(), SetArg::TCSANOW, &terminal).is_ok()
}
