//! What a failing test prints.

use crate::programs::split_update;
use racehunt::{REPLAY, hunt};

#[test]
fn the_message_has_the_finding_its_interleaving_and_the_command() {
    let failed = std::panic::catch_unwind(|| hunt("lost").executions(300).check(split_update));
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    for part in [
        "hunt lost: fail\n  ! panic: main panicked at ",
        "assertion `left == right` failed: an update was lost",
        "replays exactly: 1 context switch, the fewest there are (",
        "10 of 10 replays showed the same",
        "│ main",
        "│ actor-1",
        "hunt/programs.rs:",
        "store ← 1",
        &format!("{REPLAY}='rh1:"),
        "' cargo test message::the_message_has_the_finding_its_interleaving_and_the_command\n",
        "1 finding in 300 executions",
    ] {
        assert!(message.contains(part), "no {part:?} in\n{message}");
    }
}
