//! Sends what is inside: claim, read, send, remove; or give back.

use super::names::Trace;
use super::{Content, Hardened, failed};
use crate::trace_buffer::{BufferError, Client, Replayed, Watch};
use racehunt_core::history::Why;
use racehunt_sync::fs;
use serde_json::Value;
use std::io::{self, ErrorKind};

/// How often the removal of what was delivered is tried: what stays is sent again when the lease has ended.
const TRIES: u32 = 3;

pub(super) fn replay(
    buffer: &Hardened,
    client: &dyn Client,
    attempts: u32,
    watch: &mut dyn Watch,
) -> Result<Replayed, BufferError> {
    let mut replayed = Replayed::default();
    for trace in buffer.traces()? {
        if !trace.is_free(buffer.now()) {
            continue;
        }
        let claimed = match claim(buffer, &trace, watch) {
            Ok(Some(claimed)) => claimed,
            Ok(None) => continue,
            Err(_) => {
                replayed.total += 1;
                replayed.failed += 1;
                continue;
            }
        };
        watch.attempting(&buffer.settings.dir.join(&claimed.name));
        let sent = match buffer.content(&claimed) {
            Content::Value(value) => send(buffer, client, attempts, &claimed, &value),
            Content::Unreadable => false,
            // Taken over, because the lease was too short.
            Content::Gone => continue,
            Content::Broken => {
                // Where this fails the next replay tries again.
                let _ = buffer.quarantine(&claimed);
                continue;
            }
        };
        replayed.total += 1;
        if sent {
            replayed.sent += 1;
            let _ = (0..TRIES).any(|_| finish(buffer, &claimed, watch).is_ok());
        } else {
            replayed.failed += 1;
            // Where this fails the lease ends.
            let _ = give_back(buffer, &claimed);
        }
    }
    Ok(replayed)
}

/// Makes the trace this replay's own; `None` if somebody was faster.
fn claim(buffer: &Hardened, trace: &Trace, watch: &mut dyn Watch) -> Result<Option<Trace>, BufferError> {
    let section = buffer.section()?;
    let claimed = trace.claimed(buffer.now().saturating_add(buffer.settings.lease_ms), (buffer.settings.uuid)());
    watch.removing(&section.path(&trace.name), Why::Deliver);
    // The number of files stays, and none of them gets older: there is nothing to write down.
    match section.rename(&trace.name, &claimed.name) {
        Ok(()) => Ok(Some(claimed)),
        Err(gone) if gone.kind() == ErrorKind::NotFound => Ok(None),
        Err(other) => Err(failed("claim")(other)),
    }
}

/// True if an attempt got the trace across. There is none after the lease has ended: it may be another's by then.
fn send(buffer: &Hardened, client: &dyn Client, attempts: u32, claimed: &Trace, value: &Value) -> bool {
    let still_ours = || !claimed.is_free(buffer.now());
    (0..attempts).any(|attempt| (attempt == 0 || still_ours()) && client.send(Some(&claimed.stem), value).is_ok())
}

/// Removes what was delivered; where the unlink fails, at least out of everybody's sight.
fn finish(buffer: &Hardened, claimed: &Trace, watch: &mut dyn Watch) -> Result<(), BufferError> {
    let mut section = buffer.section()?;
    let mut change = section.begin(watch).map_err(failed("begin"))?;
    let file = section.path(&claimed.name);
    watch.removing(&file, Why::Deliver);
    let removed = fs::remove_file(&file).or_else(|error| match error.kind() {
        ErrorKind::NotFound => Err(error),
        _ => section.rename(&claimed.name, &claimed.done()),
    });
    if removed.is_ok() {
        watch.removed(&file, Why::Deliver);
        change.state.count = change.state.count.saturating_sub(1);
    }
    section.end(&change);
    // Another's, if the lease was too short.
    removed.or_else(unless_gone).map_err(failed("unlink"))
}

/// Makes it anybody's again. It is older than what others take for the oldest.
fn give_back(buffer: &Hardened, claimed: &Trace) -> Result<(), BufferError> {
    let mut section = buffer.section()?;
    let mut change = section.begin(&mut ()).map_err(failed("begin"))?;
    let given = section.rename(&claimed.name, &claimed.unclaimed());
    change.state = change.state.disturbed();
    section.end(&change);
    given.or_else(unless_gone).map_err(failed("give back"))
}

fn unless_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
