//! One battery of small programs against the facade, run by every engine: real threads, shuttle's random walk, loom.
//!
//! Without the feature `hunt` the same programs run against std itself.

mod channels;
mod files;
mod locks;
mod once;
mod panics;
mod threads;
mod timing;

/// Runs a program under an engine; a panic of the program is a failed test.
mod drivers {
    /// Real threads, many times.
    pub(crate) fn native(program: fn()) {
        for _ in 0..300 {
            program();
        }
    }

    /// shuttle's random walk.
    #[cfg(feature = "hunt")]
    pub(crate) fn shuttle(program: fn()) {
        use racehunt_sync::{engine, hook};
        let _engine = engine::enter(engine::Engine::Shuttle);
        let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(7, 3_000);
        shuttle::Runner::new(scheduler, shuttle::Config::default()).run(move || {
            hook::reset(false);
            program();
            hook::finish();
        });
    }

    /// loom, every schedule with at most two preemptions.
    #[cfg(feature = "hunt")]
    pub(crate) fn loom(program: fn()) {
        use racehunt_sync::{engine, hook};
        let _engine = engine::enter(engine::Engine::Loom);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(2);
        builder.check(move || {
            hook::reset(false);
            program();
            hook::finish();
        });
    }
}

macro_rules! battery {
    ($($module:ident :: $name:ident),* $(,)?) => {
        mod native {
            $(#[test] fn $name() { crate::drivers::native(crate::$module::$name); })*
        }
        #[cfg(feature = "hunt")]
        mod shuttle_random {
            $(#[test] fn $name() { crate::drivers::shuttle(crate::$module::$name); })*
        }
        #[cfg(feature = "hunt")]
        mod loom_bound_2 {
            $(#[test] fn $name() { crate::drivers::loom(crate::$module::$name); })*
        }
    };
}

battery! {
    locks::mutual_exclusion,
    locks::try_lock_never_waits,
    locks::unsized_and_inner,
    locks::condvar_hand_over,
    locks::notify_one_wakes_one,
    locks::notify_all_wakes_all,
    locks::rwlock_excludes_and_shares,
    locks::barrier_has_one_leader,
    channels::order_and_disconnect,
    channels::many_senders,
    channels::receiver_gone,
    channels::bounded_waits_for_room,
    channels::rendezvous,
    channels::try_operations,
    threads::atomics_add_up,
    threads::compare_exchange_has_one_winner,
    threads::every_width,
    threads::scope_joins_and_borrows,
    threads::park_has_a_token,
    threads::names_and_ids,
    threads::locals_are_per_actor,
    threads::cell_behind_a_flag,
    threads::shared_steps_are_atomic,
    once::runs_once,
    once::lock_is_set_once,
    once::lazy_static_is_fresh,
    panics::poisons_and_goes_on,
    panics::drop_during_unwinding_does_not_poison_others,
    panics::reader_poisons_nothing,
    panics::once_is_poisoned,
    panics::scope_reports_a_panic,
    files::renamed_file_is_whole,
    files::one_creates_and_one_removes,
    files::appends_are_whole,
    files::lock_excludes,
    files::locks_are_of_the_open_file,
    files::unlinked_file_stays_readable,
    files::listing_has_what_stays,
    timing::clock_is_monotonic,
    timing::timeouts_end,
    timing::notification_or_timeout,
}
