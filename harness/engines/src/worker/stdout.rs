//! Keeps the protocol's stream for the protocol.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// Moves the real stdout to a descriptor of its own and points the usual one at stderr: a line that an engine, a
/// subject or a library prints must not reach the harness as a message.
pub(super) fn set_aside() -> io::Result<File> {
    io::stdout().flush()?;
    let private = io::stdout().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdout(io::stderr())?;
    Ok(File::from(private))
}
