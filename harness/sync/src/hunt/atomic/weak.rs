//! What a mutant needs to know of an atomic operation.

use super::Ordering;
use crate::hook::Kind;
use crate::mutant::Operator;

/// An operation as one step of a model.
macro_rules! one_step {
    ($inner:expr, $kind:expr, $site:expr, $show:expr, |$atomic:ident| $f:expr) => {
        match $inner {
            Inner::Native($atomic) => $f,
            Inner::Shuttle(id, $atomic) => Told { id: *id, site: $site }.shuttle($kind, $show, || $f),
            Inner::Loom(id, $atomic, gate) => Told { id: *id, site: $site }.loom($kind, gate, $show, || $f),
        }
    };
}

/// The steps of an atomic that a mutant weakens.
macro_rules! weakened {
    ($value:ty, $std:ty, $show:expr, $store_offers:expr) => {
        #[cold]
        fn store_model(&self, value: $value, order: Ordering, site: Site) {
            match mutant::at(site, "atomic store", $store_offers(order)) {
                None => self.store_now(value, order, site),
                Some(Operator::Skip) => mutant::differed_if(self.load_now(Ordering::Relaxed, site) != value),
                Some(Operator::Swap) => self.store_later(value, order, site),
                Some(_) => {
                    mutant::differed();
                    self.store_now(value, Ordering::Relaxed, site);
                }
            }
        }

        fn id(&self) -> ObjectId {
            match &self.0 {
                Inner::Native(_) => 0,
                Inner::Shuttle(id, _) | Inner::Loom(id, ..) => *id,
            }
        }

        fn store_now(&self, value: $value, order: Ordering, site: Site) {
            one_step!(&self.0, Kind::Store, site, |(): &()| $show(value), |atomic| atomic.store(value, order));
        }

        fn load_now(&self, order: Ordering, site: Site) -> $value {
            one_step!(&self.0, Kind::Load, site, |v: &$value| $show(*v), |atomic| atomic.load(order))
        }

        /// A read-modify-write as a load and a store; an exchange that fails stores nothing.
        #[cold]
        fn in_halves<R>(&self, exchange: bool, site: Site, f: impl FnOnce(&$std) -> R) -> R {
            let before = self.load_now(Ordering::Acquire, site);
            let others = hook::writes(self.id());
            let half = <$std>::new(before);
            let out = f(&half);
            let after = half.into_inner();
            let stores = !exchange || after != before;
            if stores {
                self.store_now(after, Ordering::Release, site);
            }
            mutant::differed_if(hook::writes(self.id()) > others + u64::from(stores));
            out
        }
    };
}

/// A store that a mutant puts off; it has a share in the atomic, so that the two may end in any order.
macro_rules! later {
    ($name:ident $value:ty) => {
        impl $name {
            fn store_later(&self, value: $value, order: Ordering, site: Site) {
                let late = Self(match &self.0 {
                    Inner::Native(atomic) => return atomic.store(value, order),
                    Inner::Shuttle(id, atomic) => Inner::Shuttle(*id, Arc::clone(atomic)),
                    Inner::Loom(id, atomic, gate) => Inner::Loom(*id, Arc::clone(atomic), Arc::clone(gate)),
                });
                mutant::later(move || late.store_now(value, order, site));
            }
        }
    };
}

/// An argument of an operation.
pub(super) trait Argument: Copy {
    /// True for an ordering that orders anything.
    fn orders(self) -> bool {
        false
    }

    /// The weakest in its place.
    #[must_use]
    fn relaxed(self) -> Self {
        self
    }
}

impl Argument for Ordering {
    fn orders(self) -> bool {
        self != Self::Relaxed
    }

    fn relaxed(self) -> Self {
        Self::Relaxed
    }
}

impl<T> Argument for *mut T {}

macro_rules! plain {
    ($($t:ty)*) => {$(impl Argument for $t {})*};
}

plain! { bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

/// The ways in which an operation can be weakened.
pub(super) fn offers(kind: Kind, ordered: bool) -> &'static [Operator] {
    use Operator::{Relax, Skip, Split, Swap};
    match (kind, ordered) {
        (Kind::Store, true) => &[Relax, Skip, Swap],
        (Kind::Store, false) => &[Skip, Swap],
        (Kind::Rmw, true) => &[Relax, Split],
        (Kind::Rmw, false) => &[Split],
        (_, true) => &[Relax],
        (_, false) => &[],
    }
}

/// Those of a store.
pub(super) fn store_offers(order: Ordering) -> &'static [Operator] {
    offers(Kind::Store, order.orders())
}
