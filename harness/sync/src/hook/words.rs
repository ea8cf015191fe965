//! What the hook is told and tells: kinds of operations, pending operations, events, objects.

use super::{ActorId, ObjectId, Site};

/// What an operation does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// First step of an actor.
    Start,
    /// Start of another actor.
    Spawn,
    /// Wait for an actor's end.
    Join,
    /// Blocking acquisition of a mutex, or of an rwlock for writing.
    Lock,
    /// Acquisition of a mutex or rwlock for writing that does not wait.
    TryLock,
    /// Release of a mutex, or of an rwlock held for writing.
    Unlock,
    /// Blocking acquisition of an rwlock for reading.
    ReadLock,
    /// Acquisition of an rwlock for reading that does not wait.
    TryReadLock,
    /// Release of an rwlock held for reading.
    ReadUnlock,
    /// End of an acquisition that does not wait and would have had to. (The outcome is part of an execution's
    /// fingerprint: where in the order of the object's steps the releases stand is not.)
    Refused,
    /// Atomic load.
    Load,
    /// Atomic store.
    Store,
    /// Atomic read-modify-write.
    Rmw,
    /// Memory fence.
    Fence,
    /// Wait on a condvar or barrier.
    Wait,
    /// Notification of a condvar.
    Notify,
    /// Send on a channel.
    Send,
    /// Receive on a channel.
    Recv,
    /// Park of the actor.
    Park,
    /// Unpark of an actor.
    Unpark,
    /// Yield or spin hint.
    Yield,
    /// Sleep in virtual time.
    Sleep,
    /// Read of a shared object or cell.
    Read,
    /// Write of a shared object or cell.
    Write,
    /// One-time initialisation.
    Init,
    /// End of a process by a kill.
    Kill,
}

impl Kind {
    /// True if two such operations on one object do not commute with a read.
    #[must_use]
    pub fn is_write(self) -> bool {
        !matches!(self, Self::Start | Self::Load | Self::Read | Self::Yield | Self::Sleep | Self::Fence)
    }

    /// Lower-case word for tables and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Spawn => "spawn",
            Self::Join => "join",
            Self::Lock => "lock",
            Self::TryLock | Self::Refused => "try-lock",
            Self::Unlock => "unlock",
            Self::ReadLock => "read-lock",
            Self::TryReadLock => "try-read-lock",
            Self::ReadUnlock => "read-unlock",
            Self::Load => "load",
            Self::Store => "store",
            Self::Rmw => "rmw",
            Self::Fence => "fence",
            Self::Wait => "wait",
            Self::Notify => "notify",
            Self::Send => "send",
            Self::Recv => "recv",
            Self::Park => "park",
            Self::Unpark => "unpark",
            Self::Yield => "yield",
            Self::Sleep => "sleep",
            Self::Read => "read",
            Self::Write => "write",
            Self::Init => "init",
            Self::Kill => "kill",
        }
    }

    /// The steps that give a lock up.
    #[must_use]
    pub(crate) fn is_release(self) -> bool {
        matches!(self, Self::Unlock | Self::ReadUnlock)
    }

    /// The steps that `Reduce` runs at once: no other actor can tell when they happen.
    #[must_use]
    pub fn is_invisible(self) -> bool {
        matches!(self, Self::Start | Self::Spawn | Self::Join | Self::Unlock | Self::ReadUnlock)
    }
}

/// The operation an actor is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// What it will do.
    pub kind: Kind,
    /// To which object.
    pub object: ObjectId,
    /// Where in the source.
    pub site: Site,
    /// Number of the announcement in this execution: tells one pending operation from the next.
    pub seq: u64,
    /// A name for the step where the kind says too little (`map.get`), empty otherwise.
    pub label: &'static str,
}

/// A step that has happened, as recorded on replay.
#[derive(Clone, Debug)]
pub struct Event {
    /// Who.
    pub actor: ActorId,
    /// What; `None` for a note.
    pub kind: Option<Kind>,
    /// On which object.
    pub object: ObjectId,
    /// Where.
    pub site: Site,
    /// Name of the step, or text of the note.
    pub label: String,
    /// The value read or written, where the type has one to show.
    pub value: Option<u64>,
}

/// What is known of an object: its type's name and where it was made.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// `Mutex`, `AtomicU64`, or the name given to a `Shared`.
    pub type_name: &'static str,
    /// Where it was made.
    pub site: Site,
}

/// One line of a wait-for graph: an actor, what it waits to do, and who holds the object.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// The waiting actor.
    pub actor: ActorId,
    /// Its name.
    pub name: String,
    /// What it waits to do.
    pub waits: Pending,
    /// The object's type and place, if it is one.
    pub object: Option<Object>,
    /// Who holds it: name, where it was taken. Of a join the actor joined, and where it was started.
    pub holders: Vec<(String, Site)>,
}

/// splitmix64's finaliser: cheap and well spread.
pub(super) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
