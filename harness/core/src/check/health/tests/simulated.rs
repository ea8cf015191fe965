//! A detector that does everything right over a worker that fails once, and detectors that do not.

use super::*;
use proptest::prelude::*;

/// What happens, and where it is drawn from.
#[derive(Clone, Debug)]
struct Case {
    of: Part,
    /// Time from one sign of life to the next while all is well, in turn; as parts of the longest there may be.
    gaps: Vec<f64>,
    /// The outage begins after so many signs.
    signs: usize,
    /// It lasts so long; `None` for ever.
    lasts: Option<u64>,
    /// Time from one look to the next, in turn.
    looks: Vec<u64>,
    leases: Vec<(u64, u64)>,
    /// Whether a sign or a lease at the very moment of a look is seen by it.
    sees: bool,
}

/// A detector's own numbers.
#[derive(Clone, Copy)]
struct Detector {
    patience: u64,
    heeds_leases: bool,
}

const HORIZON: u64 = 3_000;

fn patience(of: Part) -> u64 {
    if of == Part::Item { CONTRACT.backlog_ns.unwrap() } else { CONTRACT.stale_ns }
}

/// When the worker gave a sign, and when it was out.
fn life(case: &Case) -> (Vec<u64>, u64, Option<u64>) {
    let longest = if case.of == Part::Item { CONTRACT.backlog_ns.unwrap() } else { CONTRACT.beat_ns };
    let mut gaps = case.gaps.iter().cycle().map(|part| ((part * longest as f64) as u64).max(1));
    let mut signs = vec![0];
    for _ in 0..case.signs {
        signs.push(signs.last().unwrap() + gaps.next().unwrap());
    }
    let last = *signs.last().unwrap();
    // A loop fails between two beats, at the latest when the next is due; of an item the last progress counts.
    let from = if case.of == Part::Item { last } else { last + gaps.next().unwrap() };
    let to = case.lasts.map(|lasts| from + lasts);
    if let Some(to) = to {
        signs.push(to + gaps.next().unwrap());
        while *signs.last().unwrap() < HORIZON {
            signs.push(signs.last().unwrap() + gaps.next().unwrap());
        }
    }
    (signs, from, to)
}

fn watch(case: &Case, detector: Detector) -> Health {
    let (signs, from, to) = life(case);
    let leases: Vec<Lease> = case.leases.iter().map(|(from, long)| lease(*from, from + long)).collect();
    let mut health =
        Health { contract: CONTRACT, outages: vec![outage(case.of, from, to)], leases, ..Health::default() };
    let mut steps = case.looks.iter().cycle();
    let mut now = *steps.next().unwrap();
    while now < HORIZON {
        let seen = signs.partition_point(|sign| *sign < now || (case.sees && *sign == now));
        let age = now - signs[..seen].last().unwrap_or(&0);
        // A lease is written ahead of its first moment.
        let leased = health.leases.iter().any(|lease| lease.from_ns <= now && now <= lease.until_ns);
        let failed = age > detector.patience && !(leased && detector.heeds_leases);
        health.looks.push(Look { worker: 1, at_ns: now, failed });
        health.until_ns = now;
        if failed {
            break;
        }
        now += steps.next().unwrap();
    }
    health.until_ns =
        health.until_ns.max(if health.looks.last().is_some_and(|look| look.failed) { HORIZON } else { 0 });
    health
}

fn rejected(checker: &dyn Checker, health: &Health) -> bool {
    matches!(judge(checker, health), Judgement::Broken(_))
}

fn any_case() -> impl Strategy<Value = Case> {
    let of = prop::sample::select(vec![Part::Process, Part::Loop, Part::Item]);
    let gaps = prop::collection::vec(0.0..=1.0_f64, 1..6);
    let looks = prop::collection::vec(1..=CONTRACT.check_ns, 1..6);
    let leases = prop::collection::vec((0..1_500_u64, 0..200_u64), 0..6);
    (of, gaps, 0..20_usize, prop::option::of(0..200_u64), looks, leases, any::<bool>()).prop_map(
        |(of, gaps, signs, lasts, looks, leases, sees)| {
            // What was lost is not found again.
            let lasts = lasts.filter(|_| of != Part::Item);
            Case { of, gaps, signs, lasts, looks, leases, sees }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_correct_detector_is_accepted(case in any_case()) {
        let health = watch(&case, Detector { patience: patience(case.of), heeds_leases: true });
        prop_assert!(!rejected(&FalseAlarm, &health), "{:?}", judge(&FalseAlarm, &health));
        prop_assert!(!rejected(&Undetected, &health), "{:?}", judge(&Undetected, &health));
    }

    #[test]
    fn one_that_is_too_patient_hasty_or_heedless_is_rejected(case in any_case()) {
        let case = Case { lasts: None, leases: Vec::new(), ..case };
        let patient = Detector { patience: patience(case.of) + CONTRACT.beat_ns + CONTRACT.check_ns, heeds_leases: true };
        prop_assert!(rejected(&Undetected, &watch(&case, patient)));
        // It looks a while before anything is wrong.
        let calm = Case { signs: 60, gaps: vec![1.0], ..case.clone() };
        let hasty = Detector { patience: 4, heeds_leases: true };
        prop_assert!(rejected(&FalseAlarm, &watch(&calm, hasty)));
        let leased = Case { leases: vec![(0, HORIZON)], ..case };
        let heedless = watch(&leased, Detector { patience: patience(leased.of), heeds_leases: false });
        prop_assert_eq!(rejected(&FalseAlarm, &heedless), leased.of != Part::Process);
    }
}
