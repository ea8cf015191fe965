//! The faults of a trial in the terms of the facade's file system.

use nix::errno::Errno;
use racehunt_core::scenario::{Chance, Fault, FileCall, IoError};
use racehunt_sync::fs::faults::{Act, Call, Rule, When};

/// The I/O errors among `faults`.
pub(crate) fn io_rules(faults: &[Fault]) -> Vec<Rule> {
    let rule = |fault: &Fault| {
        let Fault::Io { call: file_call, error, nth, chance } = fault else { return None };
        let when = match (nth, chance) {
            (Some(n), _) => When::Nth(*n),
            (None, chance) => When::Chance(out_of(chance.unwrap_or_default())),
        };
        Some(Rule { call: call(*file_call), when, act: Act::Error(errno(*error)) })
    };
    faults.iter().filter_map(rule).collect()
}

/// A chance out of 65,536, never rounded down to never.
pub(crate) fn out_of(chance: Chance) -> u32 {
    let chance = chance.get();
    if chance > 0.0 { ((chance * 65_536.0) as u32).max(1) } else { 0 }
}

/// The facade's word for a call.
pub(crate) fn call(call: FileCall) -> Call {
    match call {
        FileCall::Open => Call::Open,
        FileCall::Create => Call::Create,
        FileCall::Read => Call::Read,
        FileCall::Write => Call::Write,
        FileCall::Sync => Call::Sync,
        FileCall::Rename => Call::Rename,
        FileCall::Unlink => Call::Unlink,
        FileCall::List => Call::List,
        FileCall::Stat => Call::Stat,
        FileCall::Lock => Call::Lock,
    }
}

fn errno(error: IoError) -> i32 {
    let errno = match error {
        IoError::NoSpace => Errno::ENOSPC,
        IoError::Denied => Errno::EACCES,
        IoError::Io => Errno::EIO,
    };
    errno as i32
}
