//! The linked subjects, as scenarios are checked against them.

use racehunt_core::scenario::{Catalogue, ParamInfo, ParamKind, SubjectInfo};
use racehunt_core::subject::{ParamSpec, Subject};
use racehunt_engines::registry::{Subjects, find};

/// Subjects by name.
pub(crate) struct Linked<'a>(pub(crate) Subjects<'a>);

impl Catalogue for Linked<'_> {
    fn subject(&self, name: &str) -> Option<SubjectInfo> {
        find(self.0, name).map(info)
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|s| s.name().to_owned()).collect()
    }
}

fn info(subject: &dyn Subject) -> SubjectInfo {
    SubjectInfo {
        variants: subject.variants().iter().map(|v| v.name.to_owned()).collect(),
        ops: subject.ops().iter().map(|o| o.name.to_owned()).collect(),
        params: subject.params().into_iter().map(param).collect(),
    }
}

fn param(spec: ParamSpec) -> ParamInfo {
    let kind = if spec.choices.is_empty() {
        ParamKind::of(&spec.default)
    } else {
        ParamKind::Choice(spec.choices.iter().map(|c| (*c).to_owned()).collect())
    };
    ParamInfo { name: spec.name.to_owned(), kind, default: spec.default }
}
