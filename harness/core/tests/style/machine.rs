//! No file knows the machine on which it was written.

use crate::tree::{Fault, Source, faults, keeps};

/// Folders that exist on one machine only. Put together from parts, so that they do not stand here.
const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/tmp/", "target")];

fn portable(source: &Source) -> Vec<Fault> {
    FOLDERS.iter().flat_map(|folder| source.each(folder)).collect()
}

#[test]
fn no_file_has_a_path_of_one_machine() {
    keeps(portable);
    for folder in FOLDERS {
        faults(portable, "a.md", &format!("See\n{folder}a\n"), 1);
    }
    faults(portable, "a.md", "Files go to /tmp and target.\n", 0);
}
