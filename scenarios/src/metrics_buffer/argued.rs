//! Mutants of the hardened variant that change nothing that matters, and why (see `racehunt selftest`).

use racehunt_core::mutant::{Argued, Operator};

pub(super) const ARGUED: &[Argued] = &[Argued {
    file: "metrics_buffer/hardened.rs",
    line: r#"due.then(|| state.swap(now))"#,
    what: "section",
    operator: Operator::Split,
    why: "an add that another flush overtakes finds its amount flushed, or flushes what came since: each swap takes out what is there, once",
}];
