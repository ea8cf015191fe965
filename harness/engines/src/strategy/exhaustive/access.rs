//! What steps do to objects, and which two of these commute.

use racehunt_sync::hook::{self, How, Kind, ObjectId, Touch};

/// What steps have in common that an actor which joins others waits for.
const JOINT: ObjectId = hook::ALL;

/// What an access does, as far as its order with others goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It changes nothing.
    Look,
    /// It may change anything: also a lock that is taken without waiting.
    Change,
    /// A lock is taken, after a wait if need be.
    Take,
    /// The same, together with others.
    Share,
    /// A lock is given up.
    Free,
    /// The same, by one of several that shared it.
    FreeShare,
    /// A lock is poisoned by who holds it.
    Poison,
    /// An actor of a scope has ended.
    Ends,
    /// The end of a scope.
    Joins,
}

/// What two accesses of two actors to one object have to do with each other, the first one having come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Either order leads to the same.
    Free,
    /// The orders differ.
    Matters,
    /// The second one could not have come first.
    Given,
}

/// An access to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) object: ObjectId,
    pub(super) class: Class,
}

impl Class {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Load | Kind::Read | Kind::Fence | Kind::Yield | Kind::Sleep | Kind::Start => Self::Look,
            Kind::ReadLock => Self::Share,
            Kind::Lock => Self::Take,
            Kind::Unlock => Self::Free,
            Kind::ReadUnlock => Self::FreeShare,
            Kind::Join => Self::Joins,
            _ => Self::Change,
        }
    }

    /// True for what may take a lock.
    pub(super) fn takes(self) -> bool {
        matches!(self, Self::Take | Self::Share | Self::Change)
    }

    /// What the order of this access before that of another actor means.
    ///
    /// Where an order is called free it must not matter, and where it is called given the later access must be the one
    /// that waits: both leave out schedules. The other answer only costs executions.
    pub(super) fn before(self, later: Self) -> Order {
        use Class::{Ends, Free, FreeShare, Joins, Look, Poison, Share, Take};
        match (self, later) {
            (Free, Take | Share) | (FreeShare, Take) | (Ends, Joins) => Order::Given,
            // Of a lock there is only to look at whether it is poisoned; and the lock itself orders that.
            (Look, Look | Take | Share | Free | FreeShare)
            | (Take, Look | Poison)
            | (Poison, Poison | Take | Share | Free | FreeShare)
            | (Share, Look | Share | FreeShare | Poison)
            | (Free, Look | Free | FreeShare | Poison)
            | (FreeShare, Look | Share | Free | FreeShare | Poison)
            | (Ends | Joins, _)
            | (_, Ends | Joins) => Order::Free,
            _ => Order::Matters,
        }
    }
}

/// What is heeded only in programs where it matters; it costs executions. A search that finds out begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heeds {
    /// When calls begin and end: something asks for the time.
    pub time: bool,
    /// In which order those end that an actor joins: what it does at once after the last end is in a race.
    pub ends: bool,
}

impl Heeds {
    pub(super) fn and(self, other: Self) -> Self {
        Self { time: self.time || other.time, ends: self.ends || other.ends }
    }
}

/// The accesses of a step, and whether it commutes with no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accesses {
    pub(super) list: Vec<Access>,
    pub(super) all: bool,
}

impl Accesses {
    /// Adds what an actor had announced as it took the step.
    pub(super) fn announced(&mut self, kind: Kind, object: ObjectId) {
        self.step(kind, object);
    }

    /// Adds what the step did; `timed` if it matters when calls begin and end.
    pub(super) fn did(&mut self, touch: Touch, timed: bool) {
        match touch.how {
            _ if touch.object == hook::ALL => self.all = true,
            // Who had not announced it was not held back: the step would have begun, and waited half-way.
            How::Step(kind @ (Kind::Lock | Kind::ReadLock)) if !self.takes(kind, touch.object) => {
                self.push(touch.object, Class::Change);
            }
            How::Step(kind) => self.step(kind, touch.object),
            How::Ends => self.push(touch.object, Class::Ends),
            How::Poisons => self.push(touch.object, Class::Poison),
            How::Begins if timed => self.push(touch.object, Class::Change),
            How::Begins => {}
        }
    }

    /// Adds that the step may be what an actor that joins others has waited for.
    pub(super) fn joint(&mut self) {
        self.push(JOINT, Class::Change);
    }

    /// True if an actor ends in it.
    pub(super) fn ends(&self) -> bool {
        self.list.iter().any(|a| a.object <= hook::ENDS && a.object > hook::ENDS / 2 && a.class == Class::Change)
    }

    fn takes(&self, kind: Kind, object: ObjectId) -> bool {
        self.list.contains(&Access { object, class: Class::of(kind) })
    }

    fn step(&mut self, kind: Kind, object: ObjectId) {
        if object != 0 {
            self.all |= kind == Kind::Kill;
            self.push(object, Class::of(kind));
        } else if !matches!(kind, Kind::Start | Kind::Spawn | Kind::Join | Kind::Yield | Kind::Sleep | Kind::Fence) {
            self.all = true;
        }
    }

    fn push(&mut self, object: ObjectId, class: Class) {
        let access = Access { object, class };
        if !self.list.contains(&access) {
            self.list.push(access);
        }
    }

    /// Adds those of a step that is done together with this one.
    pub(super) fn add(&mut self, other: &Self) {
        self.all |= other.all;
        for access in &other.list {
            self.push(access.object, access.class);
        }
    }

    /// True if the two steps, of two actors and at one state, can be done in either order.
    pub(super) fn commutes(&self, other: &Self) -> bool {
        // A look at whether a scope is over goes together with the last end, whatever comes between.
        let free = |a: &Access, b: &Access| {
            a.object != b.object || a.class == Class::Ends || a.class.before(b.class) == Order::Free
        };
        !self.all && !other.all && self.list.iter().all(|a| other.list.iter().all(|b| free(a, b)))
    }
}
