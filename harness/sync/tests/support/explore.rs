//! Running small programs under the models.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use racehunt_sync::engine::{self, Engine};
use racehunt_sync::hook;

/// Explores `program`; gives its outcomes, and the text of the engine's failure if there was one.
pub(crate) fn explore<T: Ord + Send + 'static>(
    engine: Engine,
    program: impl Fn() -> T + Send + Sync + 'static,
) -> (BTreeSet<T>, Option<String>) {
    let _entered = engine::enter(engine);
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let sink = Arc::clone(&outcomes);
    let execution = move || {
        hook::reset(false);
        let outcome = program();
        assert!(hook::blocked().is_empty(), "an operation was announced and not done: {:?}", hook::blocked());
        sink.lock().unwrap().insert(outcome);
        hook::finish();
    };
    let failure = catch_unwind(AssertUnwindSafe(|| match engine {
        Engine::Shuttle => {
            let scheduler = shuttle::scheduler::RandomScheduler::new_from_seed(3, 400);
            shuttle::Runner::new(scheduler, shuttle::Config::default()).run(execution);
        }
        Engine::Loom => {
            let mut builder = loom::model::Builder::new();
            builder.preemption_bound = Some(2);
            builder.check(execution);
        }
        Engine::Native => panic!("explored by models only"),
    }));
    let failure = failure.err().map(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        text.or_else(|| payload.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
    });
    (std::mem::take(&mut *outcomes.lock().unwrap()), failure)
}

/// The engines that explore.
pub(crate) const MODELS: [Engine; 2] = [Engine::Shuttle, Engine::Loom];

/// The outcomes of a program that does not fail.
pub(crate) fn outcomes<T: Ord + Send + 'static>(engine: Engine, program: fn() -> T) -> Vec<T> {
    let (outcomes, failure) = explore(engine, program);
    assert_eq!(failure, None);
    outcomes.into_iter().collect()
}

/// The engine's own failure, which must say that of the program.
pub(crate) fn fails(engine: Engine, program: fn(), text: &str) {
    let (_, failure) = explore(engine, program);
    let failure = failure.unwrap_or_else(|| panic!("{engine:?} found nothing"));
    assert!(failure.to_lowercase().contains(text), "{engine:?}: {failure}");
}
