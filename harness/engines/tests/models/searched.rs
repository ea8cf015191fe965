//! Searches for one finding, and what a search tells of what it has not seen.

use super::*;

#[test]
fn a_search_for_one_finding_ends_with_it_and_leaves_the_others() {
    let mut t = trial("errs", SHUTTLE, &[2, 2]);
    let print = |kind, detail| fingerprint("toys", "errs", kind, detail);
    let run = |t: &Trial| shuttle::run(t, &Toys, &mut Told::default()).unwrap();
    let whole = run(&t);
    let first = whole.findings.iter().find(|f| f.detail == "not-empty").unwrap();
    let seek = |t: &mut Trial, fingerprint| {
        let EngineConfig::Shuttle(config) = &mut t.engine else { panic!() };
        config.seek = Some(fingerprint);
    };
    seek(&mut t, print(FindingKind::Error, "not-empty"));
    let sought = run(&t);
    assert_eq!((whole.executions, sought.executions), (2000, first.first_execution), "{:?}", sought.findings);
    assert!(sought.doubts.is_empty(), "it ended because it was done: {:?}", sought.doubts);
    replays(&sought);
    seek(&mut t, print(FindingKind::Lost, "ids"));
    let in_vain = run(&t);
    assert_eq!(in_vain.executions, 2000);
    for f in &in_vain.findings {
        let Repro::Schedule { confirmed, .. } = &f.repro else { panic!() };
        assert_eq!(confirmed.of, 0, "not the one that was sought: nobody needs it minimal");
    }
}

#[test]
fn a_search_says_how_it_met_new_interleavings() {
    let told = |outcome: &TrialOutcome| outcome.discovery.clone().unwrap();
    let random = told(&hunt(&trial("locked", SHUTTLE, &[2, 2])));
    assert_eq!((random.executions, random.distinct, random.at_least), (2000, 6, false));
    assert_eq!(random.curve.last().map(|p| (p.executions, p.distinct)), Some((2000, 6)));
    assert!(random.curve.len() == 12 && random.curve.is_sorted_by_key(|p| (p.executions, p.distinct)), "{random:?}");
    let Unseen::Estimate { estimate, at_most: Some(at_most), .. } = random.unseen else { panic!("{random:?}") };
    assert!(estimate <= at_most && at_most < 0.2 && random.pct.is_none(), "{estimate} {at_most}");
    for in_order in [DFS, LOOM] {
        let told = told(&hunt(&trial("locked", in_order, &[2, 2])));
        assert!(matches!(told.unseen, Unseen::Unknown { .. }) && told.distinct == 6, "{told:?}");
    }
}

#[test]
fn pct_says_what_it_would_have_found_and_the_one_race_is_found() {
    let outcome = hunt(&trial("split", &SHUTTLE.replace("random", "pct:2"), &[1, 1]));
    let pct = outcome.discovery.as_ref().and_then(|d| d.pct).unwrap();
    assert_eq!((pct.depth, pct.actors), (2, 3), "two actors and the one that starts them");
    assert!((2..10).contains(&pct.points) && (1900..2000).contains(&pct.executions), "{pct:?}");
    assert!(pct.found_with > 0.99 && pct.found_with < 1.0, "{pct:?}");
    assert_eq!(kinds(&outcome), [FindingKind::Lost]);
    let urw = hunt(&trial("split", &SHUTTLE.replace("random", "urw"), &[1, 1]));
    assert!(urw.discovery.unwrap().pct.is_none(), "the theorem is about PCT");
}
