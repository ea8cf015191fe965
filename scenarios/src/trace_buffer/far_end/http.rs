//! The far end over real HTTP on loopback: a server that fails and stalls on demand, and a client with time limits.

use super::Arrivals;
use crate::trace_buffer::{Client, SendError};
use racehunt_core::observation::Sent;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tiny_http::{Method, Request, Response, StatusCode};

/// How long the client waits for an answer, all in all.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Requests that are answered at once. The others wait: a stall must not hold up everybody.
const HANDLERS: usize = 4;

/// The longest body that is read.
const MOST: u64 = 64 << 20;

const KEY: &str = "Idempotency-Key";

/// Arrivals by run.
type Runs = Mutex<BTreeMap<u64, Arrivals>>;

/// A server on a free port of 127.0.0.1, which keeps the arrivals of several runs apart by their path. It ends with its
/// value: the port is free again, and its threads end.
pub struct Server {
    http: Arc<tiny_http::Server>,
    port: u16,
    runs: Arc<Runs>,
    next: AtomicU64,
    handlers: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts one that refuses every `fails`-th request of a run (0: none) and takes `stalls` for each answer.
    ///
    /// # Errors
    /// When there is no port or thread to be had.
    pub fn start(fails: u64, stalls: Duration) -> io::Result<Self> {
        let http = tiny_http::Server::http(("127.0.0.1", 0)).map_err(io::Error::other)?;
        let port = http.server_addr().to_ip().map_or(0, |address| address.port());
        let mut server = Self {
            http: Arc::new(http),
            port,
            runs: Arc::default(),
            next: AtomicU64::new(0),
            handlers: Vec::with_capacity(HANDLERS),
        };
        for _ in 0..HANDLERS {
            let (http, runs) = (Arc::clone(&server.http), Arc::clone(&server.runs));
            let handle = move || {
                for request in http.incoming_requests() {
                    answer(request, &runs, fails, stalls);
                }
            };
            server.handlers.push(thread::Builder::new().name("far-end".to_owned()).spawn(handle)?);
        }
        Ok(server)
    }

    /// The number of a new run, until [`Server::end`].
    pub fn begin(&self) -> u64 {
        let run = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.runs).insert(run, Arrivals::default());
        run
    }

    /// Where a run's traces are sent.
    #[must_use]
    pub fn address(&self, run: u64) -> String {
        format!("http://127.0.0.1:{}/{run}", self.port)
    }

    /// What has arrived in a run so far.
    #[must_use]
    pub fn sent(&self, run: u64) -> Vec<Sent> {
        lock(&self.runs).get(&run).map_or_else(Vec::new, |arrivals| arrivals.sent().to_vec())
    }

    /// Forgets a run; what is sent to it from now on is refused.
    pub fn end(&self, run: u64) {
        lock(&self.runs).remove(&run);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One wakes one.
        for _ in &self.handlers {
            self.http.unblock();
        }
        for handler in self.handlers.drain(..) {
            let _ = handler.join();
        }
    }
}

fn lock(runs: &Runs) -> MutexGuard<'_, BTreeMap<u64, Arrivals>> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the trace and then, late, says so: a client that gave up waiting does not know that it was taken.
fn answer(mut request: Request, runs: &Runs, fails: u64, stalls: Duration) {
    let (status, words) = match take(&mut request, runs, fails) {
        Ok(()) => (200, "taken"),
        Err((status, words)) => (status, words),
    };
    thread::sleep(stalls);
    // A client that is gone is no concern of the server's.
    let _ = request.respond(Response::from_string(words).with_status_code(StatusCode(status)));
}

fn take(request: &mut Request, runs: &Runs, fails: u64) -> Result<(), (u16, &'static str)> {
    if *request.method() != Method::Post {
        return Err((405, "POST it"));
    }
    let run = request.url().trim_start_matches('/').parse::<u64>().map_err(|_| (404, "no such run"))?;
    let key = request.headers().iter().find(|header| header.field.equiv(KEY)).map(|header| header.value.to_string());
    let mut bytes = Vec::new();
    let read = request.as_reader().take(MOST).read_to_end(&mut bytes);
    let body = read.ok().and_then(|_| serde_json::from_slice(&bytes).ok()).ok_or((400, "not JSON"))?;
    let mut runs = lock(runs);
    let arrivals = runs.get_mut(&run).ok_or((404, "no such run"))?;
    arrivals.request(key.as_deref(), &body, fails).map_err(|why| (503, why))
}

/// Sends traces to a [`Server`], or to any that takes them as JSON.
#[derive(Clone, Debug)]
pub struct HttpClient {
    agent: ureq::Agent,
    url: String,
}

impl HttpClient {
    /// A client for the server at `url`, with [`PATIENCE`] for each request.
    #[must_use]
    pub fn new(url: String) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).build();
        Self { agent: config.into(), url }
    }
}

impl Client for HttpClient {
    fn send(&self, key: Option<&str>, body: &serde_json::Value) -> Result<(), SendError> {
        let mut request = self.agent.post(&self.url).content_type("application/json");
        if let Some(key) = key {
            request = request.header(KEY, key);
        }
        match request.send(body.to_string()) {
            // The rest of the answer is read, so that the connection is used again.
            Ok(mut response) => response.body_mut().read_to_string().map(drop).or(Ok(())),
            Err(error @ ureq::Error::StatusCode(_)) => Err(SendError::Refused(error.to_string())),
            Err(error @ (ureq::Error::ConnectionFailed | ureq::Error::HostNotFound)) => {
                Err(SendError::Unavailable(error.to_string()))
            }
            Err(ureq::Error::Io(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Err(SendError::Unavailable(error.to_string()))
            }
            Err(error) => Err(SendError::Unanswered(error.to_string())),
        }
    }
}
