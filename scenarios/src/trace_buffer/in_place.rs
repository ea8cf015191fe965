//! What as-shipped and published-fix have in common: files that are written where they are read.

use super::{Body, BufferError, Client, Item, Replayed, Settings, Status, StoreError, Stored, Watch};
use racehunt_core::history::Why;
use racehunt_sync::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Size of a Python file object's buffer: what is written in one step.
const CHUNK: usize = 8 * 1024;

/// Step G: the files that match `trace_*.json`, in the order of the directory.
pub(super) fn glob(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("trace_") && name.ends_with(".json")) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// Step T.
pub(super) fn modified(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

/// Remembers that the writer refused: what fails otherwise is the body's fault.
struct Noting<W> {
    inner: W,
    refused: bool,
}

impl<W: Write> Write for Noting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).inspect_err(|_| self.refused = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().inspect_err(|_| self.refused = true)
    }
}

/// Steps W0 to C: the body is serialised as it is written, and what came before an error stays in the file.
pub(super) fn write(settings: &Settings, file: PathBuf, body: &dyn Body) -> Result<Stored, StoreError> {
    let failed = |step| move |source| StoreError::Io { step, source };
    let created = File::create(&file).map_err(failed("create"))?;
    let mut out = Noting { inner: BufWriter::with_capacity(CHUNK, created), refused: false };
    let written = body.write_to(&mut out);
    let flushed = out.flush();
    match written {
        Err(source) if !out.refused => return Err(StoreError::Serialise(source)),
        written => written.and(flushed).map_err(failed("write"))?,
    }
    if settings.sync {
        out.inner.get_ref().sync_all().map_err(failed("sync"))?;
    }
    Ok(Stored { file })
}

/// G, T and R of a listing: one stat that fails leaves nothing of it (TB6), a file that cannot be read is left out.
pub(super) fn list(settings: &Settings, mut watch: Option<&mut dyn Watch>) -> Vec<Item> {
    let aged = glob(&settings.dir).and_then(|files| {
        let ages = files.into_iter().map(|file| Ok((modified(&file)?, file)));
        ages.collect::<io::Result<Vec<_>>>()
    });
    let Ok(mut aged) = aged else {
        return Vec::new();
    };
    aged.sort_by_key(|(age, _)| *age);
    let mut items = Vec::new();
    for (_, file) in aged {
        if let Some(watch) = watch.as_mut() {
            watch.attempting(&file);
        }
        let value = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        items.extend(value.map(|value| Item { file, value }));
    }
    items
}

pub(super) fn status(settings: &Settings, cap: usize) -> Result<Status, BufferError> {
    let files = glob(&settings.dir).map_err(|source| BufferError::Io { step: "list", source })?;
    let mut bytes = 0;
    for file in &files {
        match fs::metadata(file) {
            Ok(metadata) => bytes += metadata.len(),
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Err(BufferError::VanishedStat(file.clone())),
            Err(source) => return Err(BufferError::Io { step: "stat", source }),
        }
    }
    Ok(Status { files: files.len() as u64, cap, bytes })
}

/// An unlink that does not mind if the file is gone; whether it was there.
pub(super) fn unlink(file: &Path, why: Why, watch: &mut dyn Watch) -> io::Result<bool> {
    watch.removing(file, why);
    match fs::remove_file(file) {
        Ok(()) => {
            watch.removed(file, why);
            Ok(true)
        }
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(other) => Err(other),
    }
}

/// X and D for each item: nothing says that it is being sent, and whoever deletes it does not ask who else did (TB7).
pub(super) fn replay(
    items: &[Item],
    client: &dyn Client,
    attempts: u32,
    mut delete: impl FnMut(&Path) -> io::Result<bool>,
) -> Replayed {
    let mut replayed = Replayed { total: items.len() as u64, ..Replayed::default() };
    for item in items {
        let sent = (0..attempts).any(|_| client.send(None, &item.value).is_ok());
        if sent {
            // The package counts a success whatever becomes of the file.
            let _ = delete(&item.file);
            replayed.sent += 1;
        } else if attempts > 0 {
            replayed.failed += 1;
        }
    }
    replayed
}
