//! The `StatsD` server of the harness: a socket, and an account of what came through it.
//!
//! Datagrams may be dropped by the kernel when nobody reads them, and a loss on the way must not look like a loss in
//! the buffer. So every datagram is announced before it is sent and taken off when it arrives, and the number under
//! way is kept far below what the socket's buffer holds: in rounds each sender reads the socket empty after each
//! hand-over, under load a thread reads all the time and a sender helps when too many are under way. What is still
//! under way at rest is told apart from what never came, by id.
//!
//! All of this is the harness's and runs natively only: std's types, no scheduling points.

use super::wire;
use crate::metrics_buffer::Family;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, setsockopt, sockopt::RcvBuf};
use racehunt_core::id::Id;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tempfile::TempDir;

/// Asked of the kernel, which gives what its own limit allows (208 KiB where nothing is configured).
const BUFFER: usize = 4 << 20;
/// Datagrams under way at which senders start to read too: with some 2.3 KiB each in the kernel, they fill less than
/// three quarters of the smallest buffer.
const WINDOW: usize = 64;
/// How long one blocking read of the socket waits.
const READ_WAIT: Duration = Duration::from_millis(10);
/// Blocking reads in vain before a datagram under way counts as dropped: two seconds.
const READS: u32 = 200;
/// Malformed lines kept to show.
const SHOWN: usize = 8;

/// Where clients send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A port of the loopback device.
    Udp(SocketAddr),
    /// A socket in a private directory.
    Unix(PathBuf),
}

/// What came through of one execution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Ids that arrived, once for each arrival.
    pub delivered: Vec<Id>,
    /// Ids that were sent and never arrived.
    pub dropped: Vec<Id>,
    /// Lines that were not what they should be, with the reason. Of any execution; told once.
    pub malformed: Vec<String>,
}

/// A `StatsD` server.
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    socket: Socket,
    address: Address,
    accounts: Mutex<Accounts>,
    closed: AtomicBool,
    /// Removed with the last user.
    _dir: Option<TempDir>,
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

impl Socket {
    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Udp(s) => s.as_fd(),
            Self::Unix(s) => s.as_fd(),
        }
    }
}

#[derive(Debug, Default)]
struct Accounts {
    next_run: u64,
    runs: BTreeMap<u64, Run>,
    under_way: usize,
    malformed: Vec<String>,
}

#[derive(Debug, Default)]
struct Run {
    next_datagram: u64,
    under_way: BTreeMap<u64, Announced>,
    delivered: Vec<Id>,
}

#[derive(Debug)]
struct Announced {
    family: Family,
    metric: String,
    ids: Vec<Id>,
}

impl Receiver {
    /// Listens on a free UDP port of the loopback device; `background` reads all the time, in a thread.
    ///
    /// # Errors
    /// When the socket or the thread is not to be had.
    pub fn udp(background: bool) -> io::Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_read_timeout(Some(READ_WAIT))?;
        let address = Address::Udp(socket.local_addr()?);
        Self::open(Socket::Udp(socket), address, None, background)
    }

    /// Listens on a Unix socket in a private directory, made inside `parent` or where temporary files go.
    ///
    /// # Errors
    /// When the socket or the thread is not to be had.
    pub fn unix(parent: Option<&Path>, background: bool) -> io::Result<Self> {
        let mut name = tempfile::Builder::new();
        let name = name.prefix("mb-");
        // A socket's path may have 107 bytes; a trial's directory may lie deeper than that.
        let dir = match parent {
            Some(parent) if parent.as_os_str().len() < 80 => name.tempdir_in(parent)?,
            _ => name.tempdir()?,
        };
        let path = dir.path().join("statsd");
        let socket = UnixDatagram::bind(&path)?;
        socket.set_read_timeout(Some(READ_WAIT))?;
        Self::open(Socket::Unix(socket), Address::Unix(path), Some(dir), background)
    }

    fn open(socket: Socket, address: Address, dir: Option<TempDir>, background: bool) -> io::Result<Self> {
        setsockopt(&socket.fd(), RcvBuf, &BUFFER)?;
        let accounts = Mutex::default();
        let shared = Arc::new(Shared { socket, address, accounts, closed: AtomicBool::new(false), _dir: dir });
        let reader = if background {
            let shared = Arc::clone(&shared);
            Some(Builder::new().name("statsd-receiver".into()).spawn(move || shared.read_until_closed())?)
        } else {
            None
        };
        Ok(Self { shared, reader })
    }

    /// Where clients send to.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.shared.address
    }

    /// A new execution; its number.
    pub fn open_run(&self) -> u64 {
        let mut accounts = self.shared.accounts();
        accounts.next_run += 1;
        let run = accounts.next_run;
        accounts.runs.insert(run, Run::default());
        run
    }

    /// Forgets an execution.
    pub fn close_run(&self, run: u64) {
        let mut accounts = self.shared.accounts();
        if let Some(run) = accounts.runs.remove(&run) {
            accounts.under_way -= run.under_way.len();
        }
    }

    /// A datagram is about to be sent; its number.
    pub fn announce(&self, run: u64, family: Family, metric: &str, ids: &[Id]) -> u64 {
        let mut accounts = self.shared.accounts();
        accounts.under_way += 1;
        let run = accounts.runs.entry(run).or_default();
        let number = run.next_datagram;
        run.next_datagram += 1;
        run.under_way.insert(number, Announced { family, metric: metric.to_owned(), ids: ids.to_vec() });
        number
    }

    /// A datagram that was announced could not be sent.
    pub fn withdraw(&self, run: u64, datagram: u64) {
        let mut accounts = self.shared.accounts();
        let withdrawn = accounts.runs.get_mut(&run).and_then(|run| run.under_way.remove(&datagram));
        accounts.under_way -= usize::from(withdrawn.is_some());
    }

    /// A datagram was sent: keeps the number under way low.
    pub fn sent(&self) {
        if self.reader.is_none() {
            return self.shared.drain();
        }
        for _ in 0..READS {
            if self.shared.accounts().under_way < WINDOW {
                return;
            }
            self.shared.drain();
            std::thread::yield_now();
        }
    }

    /// Waits for what is under way of an execution, and takes its account.
    #[must_use]
    pub fn settle(&self, run: u64) -> Arrivals {
        let mut reads = 0;
        loop {
            self.shared.drain();
            let mut accounts = self.shared.accounts();
            let open = accounts.runs.get(&run).is_some_and(|run| !run.under_way.is_empty());
            if !open || reads == READS {
                let malformed = std::mem::take(&mut accounts.malformed);
                let taken = accounts.runs.get_mut(&run).map(std::mem::take).unwrap_or_default();
                accounts.under_way -= taken.under_way.len();
                let dropped = taken.under_way.into_values().flat_map(|announced| announced.ids).collect();
                return Arrivals { delivered: taken.delivered, dropped, malformed };
            }
            drop(accounts);
            reads += 1;
            self.shared.read(MsgFlags::empty());
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            // It ends within one read's wait; what it panicked of has been printed.
            let _ = reader.join();
        }
    }
}

impl Shared {
    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_until_closed(&self) {
        while !self.closed.load(Ordering::Relaxed) {
            self.read(MsgFlags::empty());
        }
    }

    /// Reads until the socket is empty.
    fn drain(&self) {
        while self.read(MsgFlags::MSG_DONTWAIT) {}
    }

    /// Reads one datagram, if there is one, and accounts for it.
    fn read(&self, flags: MsgFlags) -> bool {
        let mut buffer = [0; 2048];
        let length = loop {
            match recv(self.socket.fd().as_raw_fd(), &mut buffer, flags) {
                Ok(length) => break length,
                Err(Errno::EINTR) => {}
                Err(_) => return false,
            }
        };
        self.accounts().take(&buffer[..length]);
        true
    }
}

impl Accounts {
    fn take(&mut self, datagram: &[u8]) {
        let Ok(text) = std::str::from_utf8(datagram) else {
            return self.complain("no text", &String::from_utf8_lossy(datagram));
        };
        if let Err(why) = wire::parse(text).and_then(|line| self.book(line)) {
            self.complain(why, text);
        }
    }

    fn book(&mut self, line: wire::Line) -> Result<(), &'static str> {
        // An execution that was given up half way may still have datagrams under way: they are nobody's.
        let Some(run) = self.runs.get_mut(&line.run) else {
            return Ok(());
        };
        let announced = run.under_way.remove(&line.datagram).ok_or("a datagram that was never sent, or came twice")?;
        self.under_way -= 1;
        let same = announced.family == line.family && announced.metric == line.metric && announced.ids == line.ids;
        run.delivered.extend(line.ids);
        if same { Ok(()) } else { Err("not what was sent") }
    }

    fn complain(&mut self, why: &str, line: &str) {
        if self.malformed.len() < SHOWN {
            self.malformed.push(format!("{why}: {line:?}"));
        }
    }
}
