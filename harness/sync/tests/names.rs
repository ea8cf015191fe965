//! With the feature off every name is std's; the re-exports that say so are there in both builds.

use std::any::TypeId;

/// A module of the crate that should hold std's names.
macro_rules! all_same {
    ($($root:tt)*) => {{
        use $($root)* as names;
        macro_rules! same {
            ($a:ty, $b:ty) => {
                assert_eq!(TypeId::of::<$a>(), TypeId::of::<$b>());
            };
        }
        same!(names::Arc<u8>, std::sync::Arc<u8>);
        same!(names::Weak<u8>, std::sync::Weak<u8>);
        same!(names::Mutex<u8>, std::sync::Mutex<u8>);
        same!(names::MutexGuard<'static, u8>, std::sync::MutexGuard<'static, u8>);
        same!(names::RwLock<u8>, std::sync::RwLock<u8>);
        same!(names::RwLockReadGuard<'static, u8>, std::sync::RwLockReadGuard<'static, u8>);
        same!(names::RwLockWriteGuard<'static, u8>, std::sync::RwLockWriteGuard<'static, u8>);
        same!(names::Condvar, std::sync::Condvar);
        same!(names::WaitTimeoutResult, std::sync::WaitTimeoutResult);
        same!(names::Barrier, std::sync::Barrier);
        same!(names::BarrierWaitResult, std::sync::BarrierWaitResult);
        same!(names::Once, std::sync::Once);
        same!(names::OnceState, std::sync::OnceState);
        same!(names::OnceLock<u8>, std::sync::OnceLock<u8>);
        same!(names::LazyLock<u8>, std::sync::LazyLock<u8>);
        same!(names::PoisonError<u8>, std::sync::PoisonError<u8>);
        same!(names::TryLockError<u8>, std::sync::TryLockError<u8>);
        same!(names::mpsc::Sender<u8>, std::sync::mpsc::Sender<u8>);
        same!(names::mpsc::SyncSender<u8>, std::sync::mpsc::SyncSender<u8>);
        same!(names::mpsc::Receiver<u8>, std::sync::mpsc::Receiver<u8>);
        same!(names::atomic::AtomicBool, std::sync::atomic::AtomicBool);
        same!(names::atomic::AtomicU64, std::sync::atomic::AtomicU64);
        same!(names::atomic::AtomicIsize, std::sync::atomic::AtomicIsize);
        same!(names::atomic::AtomicPtr<u8>, std::sync::atomic::AtomicPtr<u8>);
        same!(names::thread::JoinHandle<u8>, std::thread::JoinHandle<u8>);
        same!(names::thread::Thread, std::thread::Thread);
        same!(names::thread::Builder, std::thread::Builder);
        same!(names::thread::Scope<'static, 'static>, std::thread::Scope<'static, 'static>);
        same!(names::thread::LocalKey<u8>, std::thread::LocalKey<u8>);
        same!(names::time::Instant, std::time::Instant);
        same!(names::time::Duration, std::time::Duration);
        same!(names::fs::File, std::fs::File);
        same!(names::fs::OpenOptions, std::fs::OpenOptions);
        same!(names::fs::Metadata, std::fs::Metadata);
        same!(names::fs::ReadDir, std::fs::ReadDir);
        same!(names::fs::DirEntry, std::fs::DirEntry);
        same!(names::fs::TryLockError, std::fs::TryLockError);
        fn inode(of: &std::fs::Metadata) -> u64 {
            names::os::unix::fs::MetadataExt::ino(of)
        }
        let _: fn(&std::fs::Metadata) -> u64 = inode;
        let _: fn() = names::hint::spin_loop;
        let _: fn() = names::thread::yield_now;
    }};
}

#[test]
fn plain_names_are_std() {
    all_same!(racehunt_sync::plain);
    assert_eq!(size_of::<racehunt_sync::plain::cell::UnsafeCell<u64>>(), size_of::<u64>());
}

#[cfg(not(feature = "hunt"))]
#[test]
fn root_names_are_std() {
    all_same!(racehunt_sync);
}

/// The types may go where std's go, in both builds.
#[test]
fn auto_traits_are_stds() {
    use racehunt_sync::{Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, atomic, mpsc, thread};
    use std::panic::{RefUnwindSafe, UnwindSafe};

    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    fn unwinds<T: UnwindSafe + RefUnwindSafe>() {}
    shared::<Mutex<u8>>();
    shared::<RwLock<u8>>();
    shared::<Condvar>();
    shared::<Barrier>();
    shared::<Once>();
    shared::<OnceLock<u8>>();
    shared::<LazyLock<u8>>();
    shared::<atomic::AtomicU8>();
    shared::<atomic::AtomicBool>();
    shared::<atomic::AtomicPtr<std::cell::Cell<u8>>>();
    shared::<mpsc::Sender<u8>>();
    shared::<mpsc::SyncSender<u8>>();
    shared::<thread::JoinHandle<u8>>();
    shared::<thread::Thread>();
    shared::<racehunt_sync::shared::Shared<u8>>();
    shared::<racehunt_sync::fs::File>();
    shared::<racehunt_sync::fs::Metadata>();
    sent::<racehunt_sync::fs::ReadDir>();
    sent::<mpsc::Receiver<u8>>();
    sent::<racehunt_sync::cell::UnsafeCell<u8>>();
    unwinds::<Mutex<u8>>();
    unwinds::<RwLock<u8>>();
    unwinds::<Condvar>();
    unwinds::<Barrier>();
    unwinds::<Once>();
    unwinds::<OnceLock<u8>>();
    unwinds::<LazyLock<u8>>();
    unwinds::<atomic::AtomicU8>();
    unwinds::<mpsc::Sender<u8>>();
    unwinds::<racehunt_sync::fs::File>();
}
