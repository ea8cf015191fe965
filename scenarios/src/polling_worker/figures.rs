//! Figures of a long run: how many generations, what went wrong in them, and how long that took to be noticed.

use racehunt_core::observation::{Gauge, Health, Look, Outage, Part};

/// What a report is to show of a run with so many `generations`, whose looks were late by `late_ns` at most.
pub(super) fn of(health: &Health, generations: u64, late_ns: u64) -> Vec<Gauge> {
    let gauge = |name: &str, peak| Gauge { name: name.to_owned(), peak, bound: None };
    let processes = |ended: fn(&Outage) -> bool| {
        health.outages.iter().filter(|outage| outage.of == Part::Process && ended(outage)).count() as u64
    };
    let took = latencies(health);
    let micros = |ns: Option<&u64>| ns.map_or(0, |ns| ns / 1_000);
    vec![
        gauge("generations", generations),
        gauge("ended-for-good", processes(|outage| outage.to_ns.is_none())),
        gauge("stopped-for-a-while", processes(|outage| outage.to_ns.is_some())),
        gauge("alarms", health.looks.iter().filter(|look| look.failed).count() as u64),
        gauge("noticed", took.len() as u64),
        gauge("noticed-after-min-us", micros(took.first())),
        gauge("noticed-after-median-us", micros(took.get(took.len() / 2))),
        gauge("noticed-after-max-us", micros(took.last())),
        gauge("looks-late-max-us", late_ns / 1_000),
    ]
}

/// From each alarm back to the first outage of its worker that had not ended: in nanoseconds, ascending.
fn latencies(health: &Health) -> Vec<u64> {
    let since = |alarm: &Look| {
        let outages = health.outages.iter().filter(|outage| {
            let open = outage.to_ns.is_none_or(|to| to + health.contract.beat_ns >= alarm.at_ns);
            outage.worker == alarm.worker && outage.from_ns <= alarm.at_ns && open
        });
        outages.map(|outage| outage.from_ns).min()
    };
    let alarms = health.looks.iter().filter(|look| look.failed);
    let mut took: Vec<u64> = alarms.filter_map(|alarm| Some(alarm.at_ns - since(alarm)?)).collect();
    took.sort_unstable();
    took
}

#[cfg(test)]
mod tests {
    use super::*;
    use racehunt_core::observation::Detection;

    #[test]
    fn an_alarm_is_measured_from_what_it_is_about() {
        let look = |worker, at_ns, failed| Look { worker, at_ns, failed };
        let outage = |worker, from_ns, to_ns| Outage { worker, of: Part::Process, from_ns, to_ns };
        let health = Health {
            contract: Detection { beat_ns: 10, ..Detection::default() },
            outages: vec![
                outage(0, 5, Some(20)),
                outage(0, 100, None),
                outage(0, 120, None),
                outage(1, 300, Some(400)),
            ],
            looks: vec![look(0, 150, true), look(1, 200, true), look(1, 350, false), look(1, 410, true)],
            ..Health::default()
        };
        assert_eq!(latencies(&health), [50, 110]);
        let shown =
            |name: &str| of(&health, 3, 7_000).into_iter().find(|gauge| gauge.name == name).map(|gauge| gauge.peak);
        let names = ["generations", "ended-for-good", "stopped-for-a-while", "alarms", "noticed", "looks-late-max-us"];
        assert_eq!(names.map(shown), [Some(3), Some(2), Some(2), Some(3), Some(2), Some(7)]);
    }
}
