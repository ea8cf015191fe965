//! Which of the scenarios found run: those with `on_request` only where they, or their own folder, were named.

use crate::Failure;
use crate::load::Loaded;
use racehunt_reports::model::LeftOut;
use racehunt_reports::words::{clean, counted};
use std::path::{Path, PathBuf};

/// Parts what runs from what is left out.
///
/// # Errors
/// If a folder was given of which nothing runs: a run that skips all it was asked for has not done it.
pub(crate) fn choose(paths: &[PathBuf], loaded: Vec<Loaded>) -> Result<(Vec<Loaded>, Vec<LeftOut>), Failure> {
    let runs = |one: &Loaded| one.asked || one.scenario.on_request.is_none();
    let idle: Vec<String> = paths.iter().filter_map(|path| nothing_of(path, &loaded, runs)).collect();
    if !idle.is_empty() {
        return Err(Failure::Usage(idle.join("\n\n")));
    }
    let (run, left): (Vec<Loaded>, Vec<Loaded>) = loaded.into_iter().partition(runs);
    Ok((run, groups(&left)))
}

fn nothing_of(path: &Path, loaded: &[Loaded], runs: impl Fn(&Loaded) -> bool) -> Option<String> {
    let below = |one: &&Loaded| one.file.starts_with(path);
    let here: Vec<&Loaded> = loaded.iter().filter(below).collect();
    if here.is_empty() || here.iter().any(|one| runs(one)) {
        return None;
    }
    let mut message = format!("error: {}: all that is here runs on request only; name its folder:", path.display());
    for group in groups(here) {
        let LeftOut { folder, reason, scenarios } = group;
        let n = counted(scenarios.len() as u64, "scenario");
        message.push_str(&format!("\n  racehunt run {folder}  ({n}: {})", clean(&reason)));
    }
    Some(message)
}

/// By folder and reason, in the order of the files.
fn groups<'a>(left: impl IntoIterator<Item = &'a Loaded>) -> Vec<LeftOut> {
    let mut groups: Vec<LeftOut> = Vec::new();
    for one in left {
        let folder = one.file.parent().unwrap_or(Path::new(".")).display().to_string();
        let reason = one.scenario.on_request.clone().unwrap_or_default();
        let name = one.scenario.name.clone();
        match groups.iter_mut().find(|group| (&group.folder, &group.reason) == (&folder, &reason)) {
            Some(group) => group.scenarios.push(name),
            None => groups.push(LeftOut { folder, reason, scenarios: vec![name] }),
        }
    }
    groups
}
