//! Figures of a soak for Prometheus, in its text format, over HTTP.
//!
//! The names are part of what this program promises; `README.md` lists them.

use crate::Failure;
use crate::output::complain;
use racehunt_core::finding::FindingKind;
use racehunt_core::outcome::TrialOutcome;
use racehunt_engines::probe::Usage;
use racehunt_reports::Report;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tiny_http::{Header, Response, Server};

/// What the text format calls itself.
const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server on a thread of its own. It ends when this is dropped.
pub(super) struct Metrics {
    server: Arc<Server>,
    text: Arc<Mutex<String>>,
    thread: Option<JoinHandle<()>>,
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
        Ok(Self { server, text, thread: Some(thread) })
    }

    /// Replaces the figures. `leg` is the one that has just ended.
    pub(super) fn publish(&self, report: &Report, leg: Option<&TrialOutcome>) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let told = figures(report, leg, Usage::own());
        // Between legs, what the last one used stays.
        *text = if leg.is_none() && !text.is_empty() { keep_trial(&text, &told) } else { told };
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

/// Lines about the trial's processes are those of `old`.
fn keep_trial(old: &str, new: &str) -> String {
    let of_trial = |line: &&str| line.contains("{of=\"trial\"}");
    let mut text: String = new.lines().filter(|line| !of_trial(line)).map(|line| format!("{line}\n")).collect();
    text.extend(old.lines().filter(of_trial).map(|line| format!("{line}\n")));
    text
}

type Figure = fn(&TrialOutcome) -> u64;

/// All of it.
fn figures(report: &Report, leg: Option<&TrialOutcome>, own: Usage) -> String {
    let mut page = Page(String::new());
    let soak = report.soak.clone().unwrap_or_default();
    let trials = || report.scenarios.iter().flat_map(|scenario| &scenario.trials);
    page.one("racehunt_legs_total", "counter", "Legs that count.", soak.legs as f64);
    page.one("racehunt_resumed_total", "counter", "How often the soak was resumed.", soak.resumed as f64);
    page.one("racehunt_elapsed_seconds", "gauge", "Time soaked.", soak.elapsed_ns as f64 / 1e9);
    let sum = |of: Figure| trials().map(of).sum::<u64>() as f64;
    page.one("racehunt_ops_total", "counter", "Calls that ended.", sum(|t| t.ops));
    page.one("racehunt_executions_total", "counter", "Executions that were judged.", sum(|t| t.executions));
    page.one("racehunt_kills_total", "counter", "Processes killed.", sum(|t| t.crashes));
    let errors = sum(|t| t.errors.iter().map(|e| e.count).sum());
    page.one("racehunt_errors_total", "counter", "Calls that failed.", errors);
    page.head("racehunt_ids_total", "counter", "Ids by what became of them.");
    let fates: [(&str, Figure); 9] = [
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
    fates.iter().for_each(|(fate, of)| page.line("racehunt_ids_total", "fate", fate, sum(*of)));
    page.head("racehunt_findings_total", "counter", "Executions that showed a finding, by its kind.");
    for kind in FindingKind::ALL {
        let of_kind = trials().flat_map(|trial| &trial.findings).filter(|finding| finding.kind == kind);
        page.line("racehunt_findings_total", "kind", kind.word(), of_kind.map(|f| f.count).sum::<u64>() as f64);
    }
    let most = |of: fn(&racehunt_core::timeline::Sample) -> u64| {
        leg.and_then(|leg| leg.timeline.as_ref()).and_then(|timeline| timeline.samples.iter().map(of).max())
    };
    let used = [
        ("racehunt_rss_bytes", "Resident memory.", own.rss_bytes, most(|s| s.rss_bytes)),
        ("racehunt_open_files", "Open files.", own.open_files, most(|s| s.open_files)),
        ("racehunt_threads", "Threads.", own.threads, most(|s| s.threads)),
    ];
    for (name, about, own, trial) in used {
        page.head(name, "gauge", &format!("{about} Of the trial's processes: at most, in the last leg."));
        page.line(name, "of", "harness", own as f64);
        if let Some(trial) = trial {
            page.line(name, "of", "trial", trial as f64);
        }
    }
    page.head("racehunt_drift_bad", "gauge", "1 where something drifts for the worse.");
    soak.drift.iter().for_each(|drift| page.line("racehunt_drift_bad", "of", &drift.of, f64::from(drift.bad)));
    page.0
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, about: &str) {
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, name: &str, kind: &str, about: &str, value: f64) {
        self.head(name, kind, about);
        let _ = writeln!(self.0, "{name} {value}");
    }

    /// Labels and values here are words of ours, without anything to escape.
    fn line(&mut self, name: &str, label: &str, value: &str, number: f64) {
        let _ = writeln!(self.0, "{name}{{{label}=\"{value}\"}} {number}");
    }
}
