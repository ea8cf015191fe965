//! Each way to notice changes by itself, on real files and without anybody else: what it sees and what it cannot see.

use super::as_shipped::{AsShipped, Handoff, Manner};
use super::bell::Bell;
use super::desk::Desk;
use super::hardened::Hardened;
use super::notes::Notes;
use super::published_fix::PublishedFix;
use super::store::{Rewriting, Source, Store};
use super::worker::{End, Notice, run};
use super::{Files, Item, Standing, Vitals, Work, Worked};
use racehunt_core::finding::FindingKind;
use racehunt_core::id::Id;
use std::fs::{FileTimes, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const TICK: Duration = Duration::from_millis(1);
/// Longer than any tick of a file's time, and than a test's two rounds.
const LONG: Duration = Duration::from_secs(60);

struct Bench {
    _dir: TempDir,
    store: Arc<Store>,
    notes: Arc<Notes>,
    desk: Desk,
}

fn item(n: u64, standing: Standing) -> Item {
    Item { id: Id(n), standing }
}

fn bench(rewriting: Rewriting, bell: Option<Arc<Bell>>) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::new(Files::new(dir.path()), rewriting, Duration::ZERO, bell));
    let notes = Arc::new(Notes::new(true));
    let bench = Bench { _dir: dir, desk: Desk::new(Arc::clone(&notes)), store, notes };
    bench.put(Source::Ideas, &[]);
    bench.put(Source::Retry, &[item(1, Standing::Hold)]);
    bench
}

impl Bench {
    fn path(&self, source: Source) -> PathBuf {
        source.path(&self.store.files)
    }

    fn put(&self, source: Source, items: &[Item]) {
        std::fs::write(self.path(source), serde_json::to_string(items).unwrap()).unwrap();
    }

    fn set(&self, standing: Standing) {
        let set = self.store.change(Source::Retry, |items| {
            items[0].standing = standing;
            true
        });
        assert!(set.unwrap().is_some());
    }

    fn shows_what_is_there(&self) -> bool {
        let there = std::fs::read_to_string(self.path(Source::Retry)).unwrap();
        self.desk.shown(Source::Retry) == Some(&there)
    }

    fn fix(&self) -> Box<dyn Notice> {
        Box::new(PublishedFix::new(Arc::clone(&self.store), TICK))
    }

    fn hardened(&self, grain: Duration) -> Box<dyn Notice> {
        Box::new(Hardened::new(Arc::clone(&self.store), TICK, grain))
    }
}

/// PL1.
#[test]
fn a_rewrite_of_the_same_length_is_seen_by_its_signature_and_not_by_its_size() {
    for hardened in [false, true] {
        let mut bench = bench(Rewriting::Replace, None);
        let mut notice = if hardened { bench.hardened(TICK) } else { bench.fix() };
        notice.start(&mut bench.desk);
        assert!(bench.shows_what_is_there());
        bench.set(Standing::Open);
        (0..2).for_each(|_| notice.round(&mut bench.desk));
        assert_eq!((bench.shows_what_is_there(), bench.desk.queued()), (hardened, usize::from(hardened)));
    }
}

/// PL2.
#[test]
fn what_was_read_torn_is_read_again_or_was_read() {
    for hardened in [false, true] {
        let mut bench = bench(Rewriting::Replace, None);
        let mut notice = if hardened { bench.hardened(TICK) } else { bench.fix() };
        notice.start(&mut bench.desk);
        let text = serde_json::to_string(&[item(1, Standing::Hold), item(2, Standing::Open)]).unwrap();
        let mut file = OpenOptions::new().write(true).open(bench.path(Source::Retry)).unwrap();
        file.set_len(text.len() as u64).unwrap();
        notice.round(&mut bench.desk);
        file.write_all(text.as_bytes()).unwrap();
        (0..2).for_each(|_| notice.round(&mut bench.desk));
        assert_eq!(bench.shows_what_is_there(), hardened);
    }
}

/// What a file system may do to a signature: the time stands still and the inode is the same.
#[test]
fn a_signature_is_believed_only_when_it_is_a_grain_old() {
    for (grain, seen) in [(LONG, true), (Duration::ZERO, false)] {
        let mut bench = bench(Rewriting::InPlace, None);
        let mut notice = bench.hardened(grain);
        notice.start(&mut bench.desk);
        let path = bench.path(Source::Retry);
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        bench.set(Standing::Open);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_times(FileTimes::new().set_modified(modified)).unwrap();
        notice.round(&mut bench.desk);
        assert_eq!(bench.shows_what_is_there(), seen, "{grain:?}");
    }
}

#[test]
fn what_others_added_before_a_mark_is_queued_with_it() {
    for variant in ["as-shipped", "published-fix", "hardened"] {
        let bell = Arc::new(Bell::new(false));
        let mut bench = bench(Rewriting::Replace, Some(Arc::clone(&bell)));
        bench.put(Source::Ideas, &[item(7, Standing::Open)]);
        let mut notice: Box<dyn Notice> = match variant {
            "as-shipped" => {
                let (store, notes) = (Arc::clone(&bench.store), Arc::clone(&bench.notes));
                Box::new(AsShipped::new(manner(Handoff::Awake), store, Some(bell), notes))
            }
            "published-fix" => bench.fix(),
            _ => bench.hardened(TICK),
        };
        notice.start(&mut bench.desk);
        assert_eq!(bench.desk.next(), Some((Source::Ideas, Id(7))));
        bench.put(Source::Ideas, &[item(7, Standing::Open), item(8, Standing::Open)]);
        notice.mark(&mut bench.desk, Source::Ideas, Id(7));
        notice.stop();
        assert_eq!(bench.desk.next(), Some((Source::Ideas, Id(8))), "{variant}");
        bench.desk.check();
        assert_eq!(bench.notes.take_violations(), [], "{variant}");
    }
}

#[test]
fn reading_once_more_is_no_second_load() {
    let mut bench = bench(Rewriting::Replace, None);
    let mut notice = bench.hardened(LONG);
    notice.start(&mut bench.desk);
    (0..3).for_each(|_| notice.round(&mut bench.desk));
    assert_eq!(bench.notes.take_violations(), []);
    let text = bench.desk.shown(Source::Retry).unwrap().to_owned();
    assert!(bench.desk.load(Source::Retry, text));
    let told = bench.notes.take_violations();
    assert_eq!((told.len(), told[0].kind, told[0].detail.as_str()), (1, FindingKind::Duplicated, "load"));
}

#[test]
fn no_rewrite_is_lost_under_the_lock_whoever_writes() {
    let bench = bench(Rewriting::Locked, None);
    std::thread::scope(|scope| {
        for writer in 0..3_u64 {
            // As another program: with a handle of its own.
            let store = Store::new(bench.store.files.clone(), Rewriting::Locked, Duration::ZERO, None);
            scope.spawn(move || {
                for n in 0..30 {
                    let id = 100 * (writer + 1) + n;
                    let added = store.change(Source::Ideas, |items| {
                        items.push(item(id, Standing::Open));
                        true
                    });
                    assert!(added.unwrap().is_some());
                }
            });
        }
    });
    let text = bench.store.read(Source::Ideas).unwrap();
    assert_eq!(super::store::parse(&text).unwrap().len(), 90);
}

/// Has every item done at once, or says that it is fenced off.
struct Does(Worked, Vec<Id>);

impl Work for Does {
    fn work(&mut self, id: Id, vitals: &mut dyn Vitals) -> Worked {
        vitals.progress(id);
        self.1.push(id);
        self.0
    }
}

/// Counts what it is told.
#[derive(Default)]
struct Counts {
    beats: usize,
    told: Vec<&'static str>,
}

impl Vitals for Counts {
    fn beat(&mut self, _queued: usize, _done: u64) {
        self.beats += 1;
    }

    fn begin(&mut self, _id: Id) {
        self.told.push("begin");
    }

    fn progress(&mut self, _id: Id) {
        self.told.push("progress");
    }

    fn end(&mut self, _id: Id) {
        self.told.push("end");
    }
}

#[test]
fn a_worker_does_what_is_open_marks_it_and_says_so() {
    for (worked, end, marked) in [
        (Worked::Done, End::Settled, Standing::Done),
        (Worked::Vanished, End::Settled, Standing::Open),
        (Worked::Fenced, End::Fenced, Standing::Open),
    ] {
        let mut bench = bench(Rewriting::Locked, None);
        bench.put(Source::Ideas, &[item(7, Standing::Open), item(8, Standing::Done)]);
        let (mut work, mut vitals) = (Does(worked, Vec::new()), Counts::default());
        let mut notice = bench.hardened(TICK);
        assert_eq!(run(&mut bench.desk, &mut *notice, &mut work, &mut vitals, &|| true), end);
        assert_eq!(work.1, [Id(7)], "{worked:?}: what is on hold or done is left alone");
        assert_eq!(vitals.told.len(), if worked == Worked::Done { 3 } else { 2 });
        assert!(vitals.beats > 0);
        let left = super::store::parse(&bench.store.read(Source::Ideas).unwrap()).unwrap();
        assert_eq!(left[0].standing, marked);
    }
}

fn manner(handoff: Handoff) -> Manner {
    Manner { handoff, any_event: false, budget: 64, stops_at_once: false, tick: TICK }
}

/// As-shipped alone: with a thread of our own and with the crate's, whatever the handover.
#[test]
fn a_watcher_tells_of_writes_in_place_and_not_of_replacements() {
    let both = [Rewriting::InPlace, Rewriting::Replace];
    for (own, rewriting) in [true, false].into_iter().flat_map(|own| both.map(|rewriting| (own, rewriting))) {
        for handoff in [Handoff::Locked, Handoff::Waiting, Handoff::Silent, Handoff::Awake] {
            let bell = own.then(|| Arc::new(Bell::new(false)));
            let mut bench = bench(rewriting, bell.clone());
            let shipped =
                AsShipped::new(manner(handoff), Arc::clone(&bench.store), bell.clone(), Arc::clone(&bench.notes));
            let mut notice: Box<dyn Notice> = Box::new(shipped);
            notice.start(&mut bench.desk);
            bench.set(Standing::Open);
            while !notice.settled() {
                notice.round(&mut bench.desk);
            }
            notice.stop();
            assert_eq!(
                bench.shows_what_is_there(),
                rewriting == Rewriting::InPlace,
                "{own}, {rewriting:?}, {handoff:?}"
            );
        }
    }
}
