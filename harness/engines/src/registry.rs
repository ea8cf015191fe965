//! The subjects a binary knows.

use racehunt_core::subject::Subject;

/// Subjects by name.
pub type Subjects<'a> = &'a [&'a dyn Subject];

/// The subject called `name`.
#[must_use]
pub fn find<'a>(subjects: Subjects<'a>, name: &str) -> Option<&'a dyn Subject> {
    subjects.iter().copied().find(|s| s.name() == name)
}
