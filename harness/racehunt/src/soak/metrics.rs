//! Figures of a soak for Prometheus, in the `OpenMetrics` text format, over HTTP.
//!
//! The names are part of what this program promises; `README.md` lists them.

use crate::Failure;
use crate::output::complain;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_core::timeline::Sample;
use racehunt_engines::probe::Usage;
use racehunt_reports::Report;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tiny_http::{Header, Response, Server};

/// What the text format calls itself.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A server on a thread of its own. It ends when this is dropped.
pub(super) struct Metrics {
    server: Arc<Server>,
    text: Arc<Mutex<String>>,
    thread: Option<JoinHandle<()>>,
    /// What the processes of the last leg used at most, if somebody looked.
    of_trial: Option<Usage>,
}

impl Metrics {
    pub(super) fn serve(address: SocketAddr) -> Result<Self, Failure> {
        let listen =
            |e: Box<dyn std::error::Error + Send + Sync>| Failure::Usage(format!("error: --metrics {address}: {e}"));
        let server = Arc::new(Server::http(address).map_err(listen)?);
        complain(&format!("metrics: http://{}/metrics", server.server_addr()));
        let text = Arc::new(Mutex::new(String::new()));
        let thread = {
            let (server, text) = (Arc::clone(&server), Arc::clone(&text));
            std::thread::spawn(move || answer(&server, &text))
        };
        Ok(Self { server, text, thread: Some(thread), of_trial: None })
    }

    /// Replaces the figures. `leg` is the one that has just ended.
    pub(super) fn publish(&mut self, report: &Report, leg: Option<&TrialOutcome>) {
        self.of_trial = leg.and_then(used).or(self.of_trial);
        let mut text = String::new();
        if encode(&mut text, &figures(report, Usage::own(), self.of_trial)).is_ok() {
            *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(server: &Server, text: &Mutex<String>) {
    for request in server.incoming_requests() {
        let found = request.url() == "/metrics";
        let body = if found { text.lock().unwrap_or_else(PoisonError::into_inner).clone() } else { String::new() };
        let mut response = Response::from_string(body).with_status_code(if found { 200 } else { 404 });
        if let Ok(header) = Header::from_bytes("Content-Type", TYPE) {
            response = response.with_header(header);
        }
        // Who asked may have gone.
        let _ = request.respond(response);
    }
}

/// What a leg used at most.
fn used(leg: &TrialOutcome) -> Option<Usage> {
    let samples = &leg.timeline.as_ref()?.samples;
    let most = |of: Of<Sample>| samples.iter().map(of).max();
    Some(Usage {
        rss_bytes: most(|s| s.rss_bytes)?,
        open_files: most(|s| s.open_files)?,
        threads: most(|s| s.threads)?,
    })
}

/// One label and its value.
type Label = [(&'static str, String); 1];
type Of<T> = fn(&T) -> u64;

/// All of it.
fn figures(report: &Report, own: Usage, of_trial: Option<Usage>) -> Registry {
    let mut all = Registry::with_prefix("racehunt");
    let soak = report.soak.clone().unwrap_or_default();
    let trials = || report.scenarios.iter().flat_map(|scenario| &scenario.trials);
    let sum = |of: Of<TrialOutcome>| trials().map(of).sum::<u64>();
    let counts: [(&str, &str, u64); 6] = [
        ("legs", "Legs that count", soak.legs),
        ("resumed", "How often the soak was resumed", soak.resumed),
        ("ops", "Calls that ended", sum(|t| t.ops)),
        ("executions", "Executions that were judged", sum(|t| t.executions)),
        ("kills", "Processes killed", sum(|t| t.crashes)),
        ("errors", "Calls that failed", sum(|t| t.errors.iter().map(|e| e.count).sum())),
    ];
    counts.into_iter().for_each(|(name, about, n)| all.register(name, about, ConstCounter::new(n)));
    all.register("elapsed_seconds", "Time soaked", ConstGauge::new(soak.elapsed_ns as f64 / 1e9));
    let ids = Family::<Label, Counter>::default();
    let fates: [(&str, Of<TrialOutcome>); 9] = [
        ("accepted", |t| t.ledger.accepted),
        ("delivered", |t| t.ledger.delivered),
        ("retained", |t| t.ledger.retained),
        ("evicted", |t| t.ledger.evicted),
        ("rejected", |t| t.ledger.rejected),
        ("uncertain", |t| t.ledger.uncertain),
        ("lost", |t| t.ledger.lost),
        ("duplicated", |t| t.ledger.duplicated),
        ("phantom", |t| t.ledger.phantom),
    ];
    for (fate, of) in fates {
        ids.get_or_create(&[("fate", fate.to_owned())]).inc_by(sum(of));
    }
    all.register("ids", "Ids by what became of them", ids);
    let findings = Family::<Label, Counter>::default();
    for kind in FindingKind::ALL {
        let of_kind = trials().flat_map(|trial| &trial.findings).filter(|finding| finding.kind == kind);
        findings.get_or_create(&[("kind", kind.word().to_owned())]).inc_by(of_kind.map(|f| f.count).sum());
    }
    all.register("findings", "Executions that showed a finding, by its kind", findings);
    usage(&mut all, own, of_trial);
    let drift = Family::<Label, Gauge>::default();
    for one in &soak.drift {
        drift.get_or_create(&[("of", one.of.clone())]).set(i64::from(one.bad));
    }
    all.register("drift_bad", "1 where something drifts for the worse", drift);
    all
}

fn usage(all: &mut Registry, own: Usage, of_trial: Option<Usage>) {
    let amounts: [(&str, &str, Of<Usage>); 3] = [
        ("rss_bytes", "Resident memory", |u| u.rss_bytes),
        ("open_files", "Open files", |u| u.open_files),
        ("threads", "Threads", |u| u.threads),
    ];
    for (name, about, of) in amounts {
        let amount = Family::<Label, Gauge>::default();
        for (whose, usage) in [("harness", Some(own)), ("trial", of_trial)] {
            if let Some(usage) = usage {
                amount.get_or_create(&[("of", whose.to_owned())]).set(of(&usage).cast_signed());
            }
        }
        all.register(name, format!("{about}; of the trial's processes, at most, in the last leg"), amount);
    }
}
