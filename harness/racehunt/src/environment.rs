//! Where a run takes place.

use racehunt_reports::model::Environment;
use std::process::{Command, Stdio};

/// What the report says of this machine.
pub(crate) fn environment() -> Environment {
    let kernel = nix::sys::utsname::uname().map_or_else(
        |_| "unknown".to_owned(),
        |u| format!("{} {}", u.sysname().to_string_lossy(), u.release().to_string_lossy()),
    );
    Environment {
        cores: cores() as u32,
        os: std::env::consts::OS.to_owned(),
        kernel,
        arch: std::env::consts::ARCH.to_owned(),
        toolchain: env!("RACEHUNT_TOOLCHAIN").to_owned(),
        commit: commit(),
    }
}

/// CPUs this process may use; 1 if the system does not tell.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The commit of the working directory, if it is in a checkout and git is there.
fn commit() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "HEAD"]).stdin(Stdio::null()).stderr(Stdio::null());
    let out = git.output().ok().filter(|o| o.status.success())?;
    let text = String::from_utf8(out.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// What tells this build from another: the version, and a checksum of the program.
pub(crate) fn build() -> std::io::Result<String> {
    let bytes = std::env::current_exe().and_then(std::fs::read)?;
    Ok(format!("{} {:08x}-{}", env!("CARGO_PKG_VERSION"), crc32fast::hash(&bytes), bytes.len()))
}
