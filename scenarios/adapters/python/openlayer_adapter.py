"""Drives the offline trace buffer of PyPI's openlayer across processes, source untouched.

Variants: `as-shipped` is openlayer 0.29.1, `published-fix` 0.36.0. The adapter refuses another version than the one
that the variant names. The package without what its tracing module never imports (pandas, pyarrow and more):

    pip install --no-deps openlayer==0.29.1
    pip install anyio distro httpx pydantic pyyaml sniffio typing-extensions

Ops: `store` (a trace with an id of its own), `store-misfit` (a trace that JSON cannot hold), `list`, `replay` (to a
client that takes everything and lets another thread run), `clear`, `status`. An actor is a thread; actor i is in
process i mod `processes`. The processes share one folder, which is fresh for each round.

Parameters
    processes       how many share the folder                                (default 4, or the actors if fewer)
    cap             the package's max_buffer_size                            (default 200)
    payload         bytes of a trace, in pieces of 64                        (default 256)
    kill            "none", or an op: SIGKILL one process in one such call of each round, both drawn from the seed,
                    and start another for the rest of its calls              (default "none")
    observe         "names": which files a call writes and removes is seen by wrappers that write a journal entry first,
                    a system call of some microseconds before the removal. "none": nothing is wrapped, only stores can
                    be made, and what was accepted and is gone at the end counts as evicted, so that a loss cannot be
                    seen                                                     (default "names")
    read            whether files are read from outside while a round goes on (default true)
    max_retries     the argument of the package's replay                     (default 3)
    drain           whether a process of its own replays what is left at rest (default true)
    clock, stub_ids "frozen" and true stop time.time and make all ids of names begin alike: stubs, because two names that
                    collide otherwise need the same millisecond and 32 equal random bits     (default "real", false)

Seen from outside: the peak of the files, from a listing every half millisecond, which the kernel makes at one instant as
long as it fits into 32 KiB (about 340 names); files that do not parse when they are first seen or when the package
itself reads them (`torn`); files that do not parse at rest (`left-behind`). A file left behind still counts as its
trace, unless the store said no. A store that answers False is `rejected`, and, if the package logs why, an error of
that kind. A listing or a replay that fails answers as if there were nothing; the history shows what it missed.

The package's `init` is not called: it imports pandas and pyarrow for uploads. The settings go where it puts them.
"""

import importlib.metadata
import json
import os
import shutil
import sys
import threading

import openlayer_journal
import racehunt_worker
from openlayer_crew import Crew
from racehunt_worker import Failed

VERSIONS = {"as-shipped": "0.29.1", "published-fix": "0.36.0"}
NEEDS = "anyio distro httpx pydantic pyyaml sniffio typing-extensions"

STORES = ("store", "store-misfit")
OPS = (*STORES, "list", "replay", "clear", "status")

# Seconds between two looks at the folder.
LOOK = 0.0005

# Unreadable files named in a round: the first ones tell enough.
NAMED = 8


def parse(path):
    """The id in a file, or None and why it has none. A file that is gone by now is no answer at all."""
    try:
        with open(path, encoding="utf-8") as file:
            return int(json.load(file)["trace_data"]["inferenceId"]), None
    except FileNotFoundError:
        return None, None
    except (ValueError, KeyError, TypeError) as error:
        return None, "empty" if os.path.getsize(path) == 0 else str(error)


class Watcher(threading.Thread):
    """Looks at the folder from outside while a round goes on."""

    def __init__(self, folder, read):
        super().__init__(daemon=True)
        self.peak, self.torn = 0, []
        self._folder, self._read, self._known, self._over = folder, read, set(), threading.Event()

    def run(self):
        """Until told to end."""
        while not self._over.wait(LOOK):
            self.look()

    def look(self):
        """One look: all files are counted, the new ones perhaps read."""
        names = os.listdir(self._folder)
        self.peak = max(self.peak, len(names))
        if not self._read:
            return
        for name in set(names) - self._known:
            self._known.add(name)
            try:
                _, why = parse(os.path.join(self._folder, name))
            except FileNotFoundError:
                continue
            if why is not None and len(self.torn) < NAMED:
                self.torn.append((name, why))

    def end(self):
        """The round is over; a last look counts what is left."""
        self._over.set()
        self.join()
        self.look()


class Round:
    """One folder, used by all processes."""

    def __init__(self, crew, setup, number):
        self._crew, self._setup = crew, setup
        self._base = os.path.join(crew.folder.path, str(number))
        self.folder = os.path.join(self._base, "buffer")
        os.makedirs(self.folder)
        self._watcher = Watcher(self.folder, setup.read)
        self._watcher.start()

    def journal(self, nth):
        """Where the nth process of the round keeps its journal."""
        return os.path.join(self._base, f"journal-{nth}")

    def item(self, call, actor):
        """The id that a call carries, if it carries one. Looks at the op, before anything has run."""
        if call.op not in OPS:
            raise Failed(f"unknown op {call.op!r}: one of {', '.join(map(repr, OPS))}")
        if call.op not in STORES:
            if self._setup.observe == "none":
                raise Failed(f"the op {call.op!r} needs observe = \"names\": only stores can be accounted for without")
            return None
        return actor.next_id()

    def rest(self, ledger):
        """All processes are at rest: what does not parse now stays so, what is left is replayed and counted."""
        self._watcher.end()
        before = {item for _, item, _ in self._present()}
        if self._setup.drain:
            self._crew.drain("replay", self._setup.stall)
        present = self._present()
        settled = openlayer_journal.Settled([openlayer_journal.read(path) for path in self._crew.journals])
        self._book(ledger, settled, present, before)
        shutil.rmtree(self._base)

    def _present(self):
        """What is in the folder: name, id or None, and why there is none."""
        return [(name, *parse(os.path.join(self.folder, name))) for name in sorted(os.listdir(self.folder))]

    def _book(self, ledger, settled, present, before):
        ledger.events, ledger.errors, ledger.crashes = settled.events, settled.errors, self._crew.crashes
        for error in ledger.errors:
            error["message"] = error["message"].replace(self.folder + os.sep, "")
        ledger.delivered = settled.sends
        refused = set(settled.answered("no"))
        owners = [item if why is None else settled.names.id(name) for name, item, why in present]
        broken = [why is not None for _, _, why in present]
        ledger.retained = [i for i, bad in zip(owners, broken) if i is not None and not (bad and i in refused)]
        if self._setup.observe == "none":
            ledger.evicted = [i for i in settled.answered("yes") if i not in before]
        left = {name: why for name, _, why in present if why is not None}
        torn = {name: why for name, why in settled.torn + self._watcher.torn if name not in left}
        ledger.seen = {
            "gauges": [{"name": "files", "peak": self._watcher.peak, "bound": self._setup.cap}],
            "unreadable": [f"{what}: {name}: {why}" for what, found in (("torn", torn), ("left-behind", left))
                           for name, why in list(found.items())[:NAMED]],
            "sends": [{"id": item, "key": None} for item in settled.sends],
        }
        for actor in self._crew.actors:
            again = settled.calls.get(actor.number + len(self._crew.actors), 0)
            actor.ops = settled.calls.get(actor.number, 0) + again
            # The events tell what became of the ids.
            actor.pending = []
        taken = settled.taken.get(self._setup.kill)
        if taken:
            self._crew.typical = sum(taken) / len(taken)


def check_version(variant):
    """Refuses another version than the one that the variant is about."""
    if variant not in VERSIONS:
        raise Failed(f"unknown variant {variant!r}: one of {', '.join(VERSIONS)}")
    wanted = VERSIONS[variant]
    how = f"{variant} needs `pip install --no-deps openlayer=={wanted}` and `pip install {NEEDS}` for {sys.executable}"
    try:
        found = importlib.metadata.version("openlayer")
    except importlib.metadata.PackageNotFoundError:
        raise Failed(f"openlayer is not installed: {how}") from None
    if found != wanted:
        raise Failed(f"openlayer {found} is installed: {how}")


def number(setup, name, default, low, high):
    """A whole number among the parameters."""
    value = setup.param(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Failed(f"params.{name}: {value!r} is no whole number from {low} to {high}")
    return value


def opener(setup):
    """Looks at the parameters once and starts the processes; returns what makes the folder of each round."""
    check_version(setup.variant)
    known = {"processes", "cap", "payload", "kill", "observe", "read", "max_retries", "drain", "clock", "stub_ids"}
    for name in setup.params.keys() - known:
        raise Failed(f"params.{name}: unknown, one of {', '.join(sorted(known))}")
    processes = number(setup, "processes", min(4, setup.actors), 1, 64)
    if processes > setup.actors:
        raise Failed(f"params.processes: {processes} processes for {setup.actors} actors; each needs one")
    setup.cap = number(setup, "cap", 200, 0, 1_000_000)
    setup.kill = setup.param("kill", "none", ("none", *OPS))
    setup.observe = setup.param("observe", "names", ("names", "none"))
    setup.read = setup.param("read", True, (True, False))
    setup.drain = setup.param("drain", True, (True, False))
    config = {
        "cap": setup.cap,
        "observe": setup.observe,
        "payload": number(setup, "payload", 256, 0, 16 << 20),
        "max_retries": number(setup, "max_retries", 3, 0, 100),
        "clock": setup.param("clock", "real", ("real", "frozen")),
        "stub_ids": setup.param("stub_ids", False, (True, False)),
    }
    setup.crew = Crew(setup, processes, config, setup.kill)
    rounds = iter(range(sys.maxsize))
    return lambda: Round(setup.crew, setup, next(rounds))


if __name__ == "__main__":
    racehunt_worker.serve("openlayer", opener)
