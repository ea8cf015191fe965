//! Which of two steps to files concern one another: the files of an execution are one object, and their names tell them
//! apart.

use super::Step;

/// What a step to files is about.
enum About<'a> {
    /// Every name there is, and not what the files hold.
    Names,
    /// These names; the flag is true if it makes or removes one.
    Some(bool, Vec<&'a str>),
    /// Nobody knows.
    All,
}

fn about(step: &Step) -> About<'_> {
    let (verb, rest) = step.label.split_once(' ').unwrap_or((&step.label, ""));
    // `create a: entity already exists`
    let rest = rest.split_once(": ").map_or(rest, |(what, _)| what);
    let first = || vec![rest.split(' ').next().unwrap_or(rest)];
    match verb {
        "list" => About::Names,
        "rename" => About::Some(true, rest.split(" -> ").collect()),
        "create" | "unlink" | "mkdir" | "rmdir" => About::Some(true, first()),
        "open" | "read" | "write" | "stat" | "truncate" | "fsync" | "utime" | "seek" | "dup" => {
            About::Some(false, first())
        }
        _ => About::All,
    }
}

/// False if the two are steps to files and neither can tell that the other was there.
pub(super) fn meet(a: &Step, b: &Step) -> bool {
    let files = |step: &Step| step.object.starts_with("files (");
    if !files(a) || !files(b) {
        return true;
    }
    match (about(a), about(b)) {
        (About::All, _) | (_, About::All) => true,
        (About::Names, About::Names) => false,
        (About::Names, About::Some(names, _)) | (About::Some(names, _), About::Names) => names,
        (About::Some(_, some), About::Some(_, others)) => some.iter().any(|name| others.contains(name)),
    }
}
