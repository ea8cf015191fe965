//! The far end over real HTTP: keys, failures, stalls and addresses, and that nothing of it stays. Alone in its
//! process, because it counts threads.

use racehunt_scenarios::trace_buffer::far_end::http::{HttpClient, PATIENCE, Server};
use racehunt_scenarios::trace_buffer::{Client, SendError};
use serde_json::json;
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// One test at a time.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start(fails: u64, stalls: Duration) -> (Server, u64, HttpClient) {
    let server = Server::start(fails, stalls).unwrap();
    let run = server.begin();
    let client = HttpClient::new(server.address(run));
    (server, run, client)
}

#[test]
fn what_is_sent_arrives_with_its_key_and_in_order() {
    let _turn = turn();
    let (server, run, client) = start(0, Duration::ZERO);
    let other = server.begin();
    client.send(Some("a key"), &json!({ "id": 7, "payload": "x".repeat(100_000) })).unwrap();
    client.send(None, &json!({ "id": 8 })).unwrap();
    client.send(Some("a key"), &json!({ "id": 7 })).unwrap();
    HttpClient::new(server.address(other)).send(None, &json!({ "id": 9 })).unwrap();
    let arrived = |run| server.sent(run).iter().map(|s| (s.id.0, s.key.clone())).collect::<Vec<_>>();
    let key = Some("a key".to_owned());
    assert_eq!(arrived(run), [(7, key.clone()), (8, None), (7, key)], "nothing is taken for a repetition here");
    assert_eq!(arrived(other), [(9, None)]);
    server.end(other);
    let gone = HttpClient::new(server.address(other)).send(None, &json!({ "id": 9 }));
    assert!(matches!(gone, Err(SendError::Refused(_))), "{gone:?}");
    assert!(matches!(client.send(None, &json!("no id")), Err(SendError::Refused(_))));
}

#[test]
fn every_second_request_is_refused_and_leaves_no_trace() {
    let _turn = turn();
    let (server, run, client) = start(2, Duration::ZERO);
    let answers: Vec<bool> = (0..6).map(|n| client.send(None, &json!({ "id": n })).is_ok()).collect();
    assert_eq!(answers, [true, false, true, false, true, false]);
    assert_eq!(server.sent(run).iter().map(|s| s.id.0).collect::<Vec<_>>(), [0, 2, 4]);
}

#[test]
fn a_stall_past_the_patience_of_the_client_leaves_it_unanswered_and_taken() {
    let _turn = turn();
    let (server, run, client) = start(0, PATIENCE + Duration::from_millis(500));
    let answer = client.send(None, &json!({ "id": 1 }));
    assert!(matches!(answer, Err(SendError::Unanswered(_))), "{answer:?}");
    assert_eq!(server.sent(run).len(), 1);
    let (server, run, client) = start(0, Duration::from_millis(20));
    assert!(client.send(None, &json!({ "id": 1 })).is_ok());
    assert_eq!(server.sent(run).len(), 1);
}

#[test]
fn many_clients_are_served_at_once() {
    let _turn = turn();
    let (server, run, _) = start(0, Duration::ZERO);
    thread::scope(|scope| {
        for n in 0..8_u64 {
            let client = HttpClient::new(server.address(run));
            scope.spawn(move || {
                for k in 0..25 {
                    client.send(None, &json!({ "id": n * 100 + k })).unwrap();
                }
            });
        }
    });
    let mut ids: Vec<u64> = server.sent(run).iter().map(|s| s.id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 200);
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

#[test]
fn neither_a_port_nor_a_thread_stays() {
    let _turn = turn();
    let (server, run, client) = start(0, Duration::ZERO);
    client.send(None, &json!({ "id": 1 })).unwrap();
    let address = server.address(run);
    let port: u16 = address.split([':', '/']).nth(4).unwrap().parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    let with = threads();
    drop(server);
    assert!(soon(|| TcpStream::connect(("127.0.0.1", port)).is_err()), "the port is free");
    assert!(matches!(
        client.send(None, &json!({ "id": 1 })),
        Err(SendError::Unavailable(_) | SendError::Unanswered(_))
    ));
    drop(client);
    // Idle ones of the server's pool take up to five seconds; those of other tests may go as well, so that the number
    // alone says too little: four handlers, an acceptor and the pool of four are the least that must go.
    assert!(soon(|| threads() + 9 <= with), "{} of {with} threads are left", threads());
}

/// True once `holds` does, within a quarter of a minute.
fn soon(holds: impl Fn() -> bool) -> bool {
    (0..300).any(|_| {
        holds() || {
            thread::sleep(Duration::from_millis(50));
            false
        }
    })
}
