//! Advisory locks of a model: `flock`'s, which belong to the open file and not to the actor.
//!
//! The steps are those of the tree's object, so that a model orders them against the kill that gives a lock up; the
//! tables of the hook know each lock as an object of its own.

use std::fs::TryLockError;
use std::io;
use std::panic::Location;

use super::faults::{self, Call};
use super::state::{self, Holder, OpenId, State};
use super::step::{self, place, short, with_outcome};
use super::tree::Errno;
use crate::hook::{self, Kind, ObjectId, Site};
use crate::model::{self, Token};
use crate::mutant::{self, Gap, Operator};
use crate::tries;

/// One place for all locks of files: if one is ever taken without waiting, the moments at which any is given up count.
pub(super) const SITE: Site = Location::caller();

/// How an attempt ended.
enum Got {
    /// The open file has the lock now.
    Taken,
    /// It had it before.
    Held,
    /// Someone else has it.
    Refused,
}

fn holds(shared: bool) -> Kind {
    if shared { Kind::ReadLock } else { Kind::Lock }
}

/// One attempt to take the lock. What the file holds in the other mode is given up first, for good (as on Linux).
fn attempt(s: &mut State, open: OpenId, shared: bool) -> Result<Got, Errno> {
    let node = s.open(open)?.node;
    if s.flock(node).holders.iter().any(|h| h.open == open && h.shared == shared) {
        return Ok(Got::Held);
    }
    let _ = give_up(s, open);
    let actor = hook::actor();
    let flock = s.flock(node);
    if flock.holders.iter().any(|h| !(shared && h.shared)) {
        return Ok(Got::Refused);
    }
    flock.holders.push(Holder { open, shared, actor, since: mutant::own_steps() });
    Ok(Got::Taken)
}

/// Gives the lock up, if the open file has it.
fn give_up(s: &mut State, open: OpenId) -> Option<(ObjectId, Holder)> {
    let node = s.open(open).ok()?.node;
    let flock = s.flocks.iter_mut().find(|l| l.node == node)?;
    let i = flock.holders.iter().position(|h| h.open == open)?;
    let holder = flock.holders.swap_remove(i);
    hook::releases(holder.actor, flock.id);
    flock.waiters.wake_all();
    Some((flock.id, holder))
}

/// A process was killed, and the open file with it.
pub(super) fn killed(s: &mut State, open: OpenId) {
    let _ = give_up(s, open);
}

fn text(label: &str, open: OpenId, errno: Option<&Errno>) -> String {
    let name = state::with(|s| s.open(open).map_or_else(|_| String::new(), |o| short(&s.tree.path(o.node))));
    with_outcome(format!("{label} {name}"), errno)
}

/// The lock as an object, whether the file has it in some mode, and where the call stands.
fn about(open: OpenId, site: Site) -> io::Result<(ObjectId, bool, Site)> {
    let about = |s: &mut State| {
        let (node, opened) = s.open(open).map(|o| (o.node, o.site))?;
        let flock = s.flock(node);
        hook::touch(flock.id, hook::How::Step(Kind::Wait));
        Ok((flock.id, flock.holders.iter().any(|h| h.open == open), place(site, opened)))
    };
    state::with(about).map_err(step::error)
}

/// Takes the lock, unless a mutant leaves it out.
pub(super) fn enter(open: OpenId, shared: bool, site: Site) -> io::Result<()> {
    if mutant::at(site, "flock", &[Operator::Drop]).is_some() {
        mutant::differed();
        return Ok(());
    }
    lock(open, shared, site)
}

/// A step of whoever has a lock: a mutant gives it up before that and takes it again. Before the first step under the
/// lock that would only be a later lock.
pub(super) fn part(site: Site) {
    if !mutant::is_on() {
        return;
    }
    let me = hook::actor();
    let holding =
        |s: &mut State| s.flocks.iter().flat_map(|l| &l.holders).find(|h| h.actor == me && !h.shared).copied();
    let Some(holder) = state::with(holding) else { return };
    if mutant::own_steps() > holder.since && mutant::at(site, "file section", &[Operator::Split]).is_some() {
        release(holder.open, "funlock", site);
        let gap = Gap::open();
        // Where it fails the file is gone, and so is the lock.
        let _ = lock(holder.open, false, site);
        gap.close();
    }
}

/// Takes the lock, waiting for it.
fn lock(open: OpenId, shared: bool, site: Site) -> io::Result<()> {
    if step::is_void() {
        return Ok(());
    }
    let (id, converts, site) = about(open, site)?;
    let label = if shared { "flock shared" } else { "flock" };
    let files = state::files(site);
    // Who holds the lock in the other mode does not wait for that.
    let kind = if converts { Kind::Wait } else { holds(shared) };
    let me = model::begin(kind, id, site, label);
    step::point(&files.token, Kind::Lock);
    let out = match faults::model(Some(Call::Lock)) {
        Some(errno) => Err(errno),
        None => loop {
            match state::with(|s| attempt(s, open, shared)) {
                Ok(Got::Refused) => {}
                other => break other,
            }
            if converts {
                hook::repend(me, holds(shared), id);
            }
            let waiters = state::with(|s| s.open(open).map(|o| o.node).map(|node| s.flock(node).waiters.clone()));
            match waiters {
                Ok(waiters) => waiters.block(),
                Err(errno) => break Err(errno),
            }
            if let Token::Loom(_) = files.token {
                step::point(&files.token, Kind::Lock);
            }
        },
    };
    let kind = if matches!(out, Ok(Got::Taken)) { holds(shared) } else { Kind::Wait };
    hook::done_with(me, kind, id, site, || text(label, open, out.as_ref().err()), None);
    out.map(|_| ()).map_err(step::error)
}

/// Takes the lock if that needs no waiting.
pub(super) fn try_lock(open: OpenId, shared: bool, site: Site) -> Result<(), TryLockError> {
    if step::is_void() {
        return Ok(());
    }
    let (id, _, site) = about(open, site).map_err(TryLockError::Error)?;
    tries::tried(SITE);
    hook::set_tried(id);
    let label = if shared { "try-flock shared" } else { "try-flock" };
    let tried = if shared { Kind::TryReadLock } else { Kind::TryLock };
    let files = state::files(site);
    let me = model::begin(tried, id, site, label);
    step::point(&files.token, tried);
    let out = match faults::model(Some(Call::Lock)) {
        Some(errno) => Err(errno),
        None => state::with(|s| attempt(s, open, shared)),
    };
    if matches!(out, Ok(Got::Taken)) {
        hook::holds(me, holds(shared), id, site);
    }
    let refused = matches!(out, Ok(Got::Refused));
    let errno = if refused { Some(&libc::EWOULDBLOCK) } else { out.as_ref().err() };
    let kind = if refused { Kind::Refused } else { tried };
    hook::done_with(me, kind, id, site, || text(label, open, errno), Some(u64::from(errno.is_none())));
    match out {
        Ok(Got::Refused) => Err(TryLockError::WouldBlock),
        Ok(_) => Ok(()),
        Err(errno) => Err(TryLockError::Error(step::error(errno))),
    }
}

/// Gives the lock up; no error if the file does not have it.
pub(super) fn unlock(open: OpenId, site: Site) -> io::Result<()> {
    if step::is_void() {
        return Ok(());
    }
    let (_, _, site) = about(open, site)?;
    release(open, "funlock", site);
    Ok(())
}

/// The last handle goes. Giving a lock up that way is a step like giving it up by hand.
pub(super) fn close(open: OpenId) {
    let held = state::with(|s| s.flocks.iter().any(|l| l.holders.iter().any(|h| h.open == open)));
    if !held {
        return;
    }
    if step::is_step()
        && let Ok(site) = state::with(|s| s.open(open).map(|o| o.site))
    {
        release(open, "close", site);
    } else {
        state::with(|s| give_up(s, open));
    }
}

fn release(open: OpenId, label: &'static str, site: Site) {
    let holding = |s: &mut State| {
        let node = s.open(open).map(|o| o.node)?;
        let flock = s.flock(node);
        hook::touch(flock.id, hook::How::Step(Kind::Wait));
        Ok::<_, Errno>((flock.id, flock.holders.iter().find(|h| h.open == open).copied()))
    };
    let Ok((id, holder)) = state::with(holding) else {
        return;
    };
    let kind = match holder {
        Some(Holder { shared: true, .. }) => Kind::ReadUnlock,
        Some(_) => Kind::Unlock,
        None => Kind::Wait,
    };
    let files = state::files(site);
    let me = model::begin(kind, id, site, label);
    step::point(&files.token, kind);
    if let Some((_, holder)) = state::with(|s| give_up(s, open)) {
        // It was taken out of the hook's table under the name of who took it; `done` takes out one of `me`.
        hook::holds(me, holds(holder.shared), id, site);
    }
    hook::done_with(me, kind, id, site, || text(label, open, None), None);
}
