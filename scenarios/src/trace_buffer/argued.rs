//! Mutants of the hardened variant that change nothing that matters, and why (see `racehunt selftest`).

use racehunt_core::mutant::{Argued, Operator};

pub(super) const ARGUED: &[Argued] = &[
    Argued {
        file: "trace_buffer/hardened.rs",
        line: r#"let _ = fs::remove_file(self.settings.dir.join(temp));"#,
        what: "unlink",
        operator: Operator::Swap,
        why: "it is the last step of its call either way",
    },
    Argued {
        file: "trace_buffer/hardened.rs",
        line: r#"match fs::remove_file(&file) {"#,
        what: "file section",
        operator: Operator::Split,
        why: "the marker is busy meanwhile, so whoever comes between counts the files anew, and so does the next change after this one; a file that is gone by then is not counted",
    },
    Argued {
        file: "trace_buffer/hardened.rs",
        line: r#"let written = file.write_all(bytes)"#,
        what: "fsync",
        operator: Operator::Swap,
        why: "the next change of a name is the marker's: the sync still comes before the trace gets its own",
    },
    Argued {
        file: "hardened/replay.rs",
        line: r#"let removed = fs::remove_file(&file)"#,
        what: "file section",
        operator: Operator::Split,
        why: "the marker is busy meanwhile, so whoever comes between counts the files anew, and so does the next change after this one; the claim keeps the file from everybody else",
    },
    Argued {
        file: "hardened/replay.rs",
        line: r#"let removed = fs::remove_file(&file)"#,
        what: "unlink",
        operator: Operator::Swap,
        why: "the write that it changes places with is of the text in the lock file, which counts only with the marker",
    },
    Argued {
        file: "hardened/section.rs",
        line: r#"fs::remove_file(self.path(&aside))"#,
        what: "unlink",
        operator: Operator::Swap,
        why: "as with any kill at that moment: the marker is busy until all is done, or what is set aside is found by the next change",
    },
    Argued {
        file: "hardened/section.rs",
        line: r#"for entry in fs::read_dir"#,
        what: "file section",
        operator: Operator::Split,
        why: "the listing is made after the cut, and what is done under the lock goes by it; the marker is busy meanwhile, so whoever comes between counts the files anew, and so does the next change after this one",
    },
    Argued {
        file: "hardened/section.rs",
        line: r#"self.lock.seek(SeekFrom::Start(0))"#,
        what: "file section",
        operator: Operator::Split,
        why: "the text is a hint, which counts only if a marker of that name is there: after the cut there is none, and the next change counts the files",
    },
    Argued {
        file: "hardened/section.rs",
        line: r#"self.lock.seek(SeekFrom::Start(0))"#,
        what: "write",
        operator: Operator::Skip,
        why: "the text is a hint: with the old one the next change counts the files",
    },
    Argued {
        file: "hardened/section.rs",
        line: r#"self.lock.seek(SeekFrom::Start(0))"#,
        what: "write",
        operator: Operator::Swap,
        why: "the text is a hint, and the marker decides; a kill between the two is the same",
    },
    Argued {
        file: "hardened/section.rs",
        line: r#"fs::rename(self.path(from), self.path(to))"#,
        what: "rename",
        operator: Operator::Split,
        why: "every name but a marker's is unique, so only a marker is renamed onto a file, under the lock; a kill between the two leaves the other marker, and the next change counts the files",
    },
];
