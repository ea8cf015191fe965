//! Which faults are at work in a leg.

use racehunt_core::plan::{EngineConfig, SplitMix64, Trial};
use racehunt_core::scenario::Fault;

/// Leaves the leg `number`, from 1, the faults that are to be at work in it. True if they were drawn.
///
/// What one fault brings to light another hides: a process that is killed five times a second never grows old. So after each
/// turn of all trials with all of their faults comes one in which each fault is there or not, by the leg's own seed.
pub(super) fn draw(trial: &mut Trial, number: u64, trials: u64) -> bool {
    if ((number - 1) / trials).is_multiple_of(2) {
        return false;
    }
    let EngineConfig::Stress(config) = &mut trial.engine else { return false };
    let mut rng = SplitMix64::new(trial.seed);
    let before = config.faults.len() + trial.faults.len();
    // One process is a process of its own only for the sake of what may kill or stop it.
    let several = config.processes > 1;
    config.faults.retain(|_| !several || rng.below(2) == 0);
    trial.faults.retain(|fault| (!several && matches!(fault, Fault::Kill { .. })) || rng.below(2) == 0);
    before > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::plan::Plan;
    use racehunt_core::scenario::Scenario;

    fn trial(processes: usize, seed: u64) -> Trial {
        let text = format!(
            "schema = 1\nname = \"t\"\nabout = \"t\"\n[subject]\nname = \"s\"\nvariant = \"v\"\n[workload]\n\
             mix = {{ add = 1 }}\n[[fault]]\nkind = \"io\"\ncall = \"write\"\nerror = \"ENOSPC\"\nchance = 0.1\n\
             [stress]\nprocesses = {processes}\nthreads = 2\nduration = \"1s\"\npace = \"closed\"\n\
             faults = [{{ kind = \"kill\", every = \"1s\" }}, {{ kind = \"pause\", chance = 0.1 }}]\n"
        );
        let scenario = Scenario::parse("t.toml", &text).expect("a scenario");
        Trial { seed, ..Plan::expand(&scenario, 1).trials.remove(0) }
    }

    fn faults(trial: &Trial) -> (usize, usize) {
        let EngineConfig::Stress(config) = &trial.engine else { panic!("stress") };
        (config.faults.len(), trial.faults.len())
    }

    #[test]
    fn every_second_turn_has_some_of_them() {
        let mut met = std::collections::BTreeSet::new();
        for seed in 0..64 {
            let (mut all, mut some, mut same) = (trial(2, seed), trial(2, seed), trial(2, seed));
            assert!(!draw(&mut all, 3, 3) && draw(&mut some, 4, 3) && draw(&mut same, 6, 3));
            assert_eq!((faults(&all), &some), ((2, 1), &same));
            met.insert(faults(&some));
        }
        assert_eq!(met.len(), 6, "every number of each: {met:?}");
    }

    #[test]
    fn what_one_process_is_apart_for_stays() {
        let drawn = |seed| {
            let mut one = trial(1, seed);
            assert!(draw(&mut one, 2, 1));
            faults(&one)
        };
        let met: std::collections::BTreeSet<_> = (0..64).map(drawn).collect();
        assert_eq!(met, [(2, 0), (2, 1)].into());
    }
}
