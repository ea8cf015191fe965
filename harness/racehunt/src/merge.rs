//! `racehunt merge`: the reports of partitions become the report of the run.

use crate::output::{PARTITION, Show, keep, read, writable};
use crate::{Failure, args};
use racehunt_reports::merge as union;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Merges, writes, shows, and returns the exit code of the whole run.
pub(crate) fn merge(args: &args::Merge) -> Result<u8, Failure> {
    let files = files(&args.reports)?;
    let reports = files.iter().map(|file| Ok((file.display().to_string(), read(file)?)));
    let reports = reports.collect::<Result<Vec<_>, Failure>>()?;
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => above(&files)?,
    };
    let report_file = folder.join("report.json");
    writable(&report_file)?;
    let command = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let report = union(&reports, command).map_err(|e| Failure::Usage(format!("error: {e}")))?;
    keep(&report, &report_file, &Show { json: args.json, quiet: args.quiet, verbose: args.verbose })
}

/// Reports as given, and of folders those of the partitions below: not an earlier merge, which is made of them.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = BTreeSet::new();
    for path in paths {
        if !path.is_dir() {
            files.insert(path.clone());
            continue;
        }
        let mut none = true;
        for entry in WalkDir::new(path).follow_links(true) {
            let entry = entry.map_err(|e| Failure::Usage(format!("error: {e}")))?;
            if entry.file_name() == "report.json" && is_partition(entry.path()) {
                files.insert(entry.into_path());
                none = false;
            }
        }
        if none {
            let path = path.display();
            return Err(Failure::Usage(format!("error: {path}: no {PARTITION}*/report.json below this folder")));
        }
    }
    Ok(files.into_iter().collect())
}

fn is_partition(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name);
    folder.is_some_and(|name| name.to_string_lossy().starts_with(PARTITION))
}

/// The folder that has the folders of all partitions.
fn above(files: &[PathBuf]) -> Result<PathBuf, Failure> {
    let of = |file: &PathBuf| file.parent().filter(|_| is_partition(file)).and_then(Path::parent).map(Path::to_owned);
    let folders: BTreeSet<Option<PathBuf>> = files.iter().map(of).collect();
    match folders.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(folder)] if folder.as_os_str().is_empty() => Ok(PathBuf::from(".")),
        [Some(folder)] => Ok(folder.clone()),
        [] | [None] | [_, _, ..] => Err(Failure::Usage(
            "error: the reports do not come from one folder of partitions; say with --out where the merged one goes"
                .to_owned(),
        )),
    }
}
