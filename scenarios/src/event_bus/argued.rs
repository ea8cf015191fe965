//! Mutants of the hardened variant that change nothing that matters, and why (see `racehunt selftest`).

use racehunt_core::mutant::{Argued, Operator};

pub(super) const ARGUED: &[Argued] = &[
    Argued {
        file: "event_bus/hardened.rs",
        line: r#"row.iter().cloned().chain([mailbox])"#,
        what: "section",
        operator: Operator::Split,
        why: "the row is read under the lock that it is then replaced under; between the number and the row nothing is promised",
    },
    Argued {
        file: "hardened/mailbox.rs",
        line: r#"self.word.store(round.me, Ordering::Relaxed);"#,
        what: "atomic store",
        operator: Operator::Skip,
        why: "MORE stays set, so the deliverer looks inside once more before it leaves: slower, and the same",
    },
    Argued {
        file: "hardened/mailbox.rs",
        line: r#"inside.relief += 1;"#,
        what: "section",
        operator: Operator::Split,
        why: "who stands by looks again at everything when it counts itself off; in between nobody needs to know of it",
    },
    Argued {
        file: "hardened/mailbox.rs",
        line: r#"self.next(&mut inside, round, &mut delivered)"#,
        what: "section",
        operator: Operator::Split,
        why: "the word names this thread as the deliverer before the cut: nobody else takes an event out",
    },
    Argued {
        file: "hardened/mailbox.rs",
        line: r#"while let Some(event) = inside.events.pop_front() {"#,
        what: "section",
        operator: Operator::Split,
        why: "the mailbox is out of the table and its deliverer is this thread: nobody puts an event in or takes one out",
    },
];
