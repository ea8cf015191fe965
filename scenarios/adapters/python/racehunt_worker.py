"""The worker's side of the racehunt protocol, for a component written in Python. Standard library only.

A worker hands `serve` a name and a function that makes a component:

    class Counter:
        def __init__(self, setup):          # fresh for each round; setup.params, setup.variant
            self.held = []
        def apply(self, call, actor):       # on the actor's thread; call.op, call.arg
            self.held.append(actor.next_id())
        def rest(self, ledger):             # on one thread, after all actors have ended
            ledger.retained += self.held

    racehunt_worker.serve("counter", lambda setup: lambda: Counter(setup))

An id taken with `actor.next_id()` counts as accepted when `apply` returns and as uncertain when it raises. A
component that knows more puts events, violations, what was seen from outside and its crashes into the ledger that
`rest` gets; one whose actors are no threads of this process sets `setup.crew` to a crew of its own. The module owns
the threads (they live as long as the worker and start each round on a barrier), the ids, the batches and the stdin;
whatever else prints to stdout ends up on stderr. The messages: harness/PROTOCOL.md."""

import collections
import json
import os
import queue
import random
import re
import sys
import threading
import time
import traceback

from racehunt_gates import Gates

PROTOCOL = 1
SERIAL_BITS = 40

# Ids a line: fewer cost a system call each, more keep the harness waiting for nothing.
BATCH = 100

# A round that makes no headway for this long is reported as a stall, unless the trial has a limit of its own.
STALL = 2.0

EXIT_ORPHAN = 71
EXIT_STALLED = 72

Call = collections.namedtuple("Call", "op arg")


class Failed(Exception):
    """The worker cannot run this trial; the text says why."""


def make_id(actor, serial):
    """The id of an actor's item: the actor's number in the upper 24 bits, the item's serial number in the lower 40."""
    return actor << SERIAL_BITS | serial


def parse_call(text):
    """`increment(3)` or `flush` as a Call; the argument is None where there is none."""
    match = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_-]*)(?:\(([0-9]+)\))?", text)
    if match is None:
        raise Failed(f"{text!r} is not an op")
    op, arg = match.groups()
    return Call(op, None if arg is None else int(arg))


class Setup:
    """What the harness said about the trial."""

    def __init__(self, message):
        if message.get("protocol") != PROTOCOL:
            raise Failed(f"this worker speaks protocol {PROTOCOL}, not {message.get('protocol')!r}")
        self.trial = message["trial"]
        self.variant = self.trial["variant"]
        self.params = self.trial.get("params", {})
        self.seed = self.trial["seed"]
        self.stall = message.get("stall_ms", STALL * 1000) / 1000
        self.gates = None
        self.actors = message["actors"]
        self.crew = None

    def param(self, name, default, choices=()):
        """A parameter of the scenario; one of `choices`, if any are given."""
        value = self.params.get(name, default)
        if choices and value not in choices:
            raise Failed(f"params.{name}: {value!r} is none of {', '.join(map(repr, choices))}")
        return value


class Ledger:
    """What happened to the ids of one round: one list a fate, or events; PROTOCOL.md has their forms."""

    FATES = ("accepted", "delivered", "evicted", "rejected", "uncertain")

    def __init__(self):
        for fate in self.FATES:
            setattr(self, fate, [])
        self.retained = []
        self.events = []
        self.errors = []
        self.violations = []
        self.seen = {}
        self.crashes = 0


class Actor:
    """One concurrent role. Its ledger is its own: no lock, and so no order forced on the component."""

    def __init__(self, number):
        self.number = number
        self.serial = 0
        self.begin("", 0)

    def begin(self, seed, round_number):
        """Forgets the last round. Serial numbers go on, so that an id never comes back in a session."""
        self.ledger = Ledger()
        self.errors = []
        self.pending = []
        self.ops = 0
        self._random = random.Random(f"{seed}/{round_number}/{self.number}")

    def next_id(self):
        """A new id, pending until `apply` returns."""
        self.serial += 1
        new = make_id(self.number, self.serial - 1)
        self.pending.append(new)
        return new

    def draw(self, bound):
        """A number below `bound`, from the trial's seed alone."""
        return self._random.randrange(bound)

    def perform(self, component, call):
        """Makes one call and books its ids."""
        self.ops += 1
        try:
            component.apply(call, self)
        except Failed:
            raise
        except Exception as error:  # whatever the component throws is its answer to the caller
            self.errors.append({
                "op": call.op,
                "kind": error_kind(error),
                "message": str(error) or type(error).__name__,
                "actor": self.number,
            })
            self.ledger.uncertain += self.pending
        else:
            self.ledger.accepted += self.pending
        self.pending = []


def error_kind(error):
    """A name that stays the same from run to run: it is part of a finding's fingerprint."""
    if isinstance(error, RuntimeError) and "during iteration" in str(error):
        return "iteration"
    name = re.sub(r"(Error|Exception)$", "", type(error).__name__) or "error"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


class Wire:
    """The way to the harness: one line a message, from any thread."""

    def __init__(self, out):
        self._out = out
        self._lock = threading.Lock()
        self.last = time.monotonic()

    def send(self, message_type, **fields):
        """Writes one message, `type` first."""
        line = json.dumps({"type": message_type, **fields}, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._out.write(line)
            self._out.flush()
            self.last = time.monotonic()

    def round(self, number, actors, rest):
        """Sends a round that is at rest: its history in batches, then the snapshot that closes it."""
        entries = [(fate, i) for l in [*(a.ledger for a in actors), rest] for fate in Ledger.FATES for i in getattr(l, fate)]
        for start in range(0, len(entries), BATCH):
            lists = {}
            for fate, i in entries[start:start + BATCH]:
                lists.setdefault(fate, []).append(i)
            self.send("history", round=number, **lists)
        errors = [e for a in actors for e in a.errors] + rest.errors
        for name, entries in (("events", rest.events), ("errors", errors)):
            for start in range(0, len(entries), BATCH):
                self.send("history", round=number, **{name: entries[start:start + BATCH]})
        for violation in rest.violations:
            self.send("violation", **{"ids": [], **violation})
        told = {name: value for name, value in (("seen", rest.seen), ("crashes", rest.crashes)) if value}
        self.send("snapshot", round=number, retained=rest.retained, **told)


class Crew:
    """The actors' threads: they live as long as the worker and go through each round together."""

    def __init__(self, count):
        self.actors = [Actor(number) for number in range(count)]
        self._start = threading.Barrier(count)
        self._inboxes = [queue.SimpleQueue() for _ in range(count)]
        self._ended = queue.SimpleQueue()
        self.threads = [threading.Thread(target=self._live, args=(a,), daemon=True) for a in self.actors]
        for thread in self.threads:
            thread.start()

    def _live(self, actor):
        while True:
            component, program = self._inboxes[actor.number].get()
            self._start.wait()
            error = None
            try:
                for call in program:
                    actor.perform(component, call)
            except BaseException as raised:  # a thread that ends without a word would look like a stall
                error = raised
            self._ended.put(error)

    def run(self, component, programs, stall, alive):
        """One round. False if the actors did not all end, and none of them made a call, for `stall` seconds."""
        for inbox, program in zip(self._inboxes, programs):
            inbox.put((component, program))
        waiting, since, seen = len(self.actors), time.monotonic(), -1
        while waiting:
            try:
                error = self._ended.get(timeout=min(0.2, stall))
            except queue.Empty:
                ops = sum(a.ops for a in self.actors)
                if ops != seen:
                    seen, since = ops, time.monotonic()
                elif time.monotonic() - since > stall:
                    return False
                alive()
                continue
            waiting -= 1
            if error is not None:
                raise error
        return True

    def end(self):
        """After the last round. The threads are daemons: nothing waits for them."""

    def where(self):
        """One line for each actor's thread: the innermost place it is at."""
        frames = sys._current_frames()
        stacks = [(a, frames.get(t.ident)) for a, t in zip(self.actors, self.threads)]
        places = [(a, traceback.extract_stack(f)[-1]) for a, f in stacks if f is not None]
        return [f"actor {a.number} at {os.path.basename(p.filename)}:{p.lineno} in {p.name}" for a, p in places]


class Session:
    """One trial, from hello to teardown."""

    def __init__(self, name, opener, lines, out):
        self._name, self._opener, self._lines = name, opener, lines
        self.wire = Wire(out)
        self._inbox = queue.SimpleQueue()
        self._gates = Gates(self.wire)
        self._stop = threading.Event()
        self._rounds = 0
        self._crew = None

    def _listen(self):
        for line in self._lines:
            message = json.loads(line)
            kind = message.get("type")
            if kind == "gate":
                self._gates.act(message["name"], message["action"])
                continue
            if kind == "stop":
                self._stop.set()
            self._inbox.put(message)
            if kind == "teardown":
                return
        # The harness is gone. Nothing can be told to anybody, and an actor may hang: end without ceremony.
        os._exit(EXIT_ORPHAN)

    def serve(self):
        """Runs the session; returns the exit code."""
        self.wire.send("hello", protocol=PROTOCOL, name=self._name, pid=os.getpid(), language="python")
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._obey()
        except Failed as failed:
            self.wire.send("failed", message=str(failed))
            return 1
        except Exception as error:
            traceback.print_exc()
            self.wire.send("failed", message=f"{type(error).__name__}: {error}")
            return 1
        finally:
            if self._crew is not None:
                self._crew.end()
        return 0

    def _obey(self):
        setup = crew = fresh = None
        while True:
            message = self._inbox.get()
            kind = message.get("type")
            if kind == "setup":
                setup = Setup(message)
                setup.gates = self._gates
                fresh = self._opener(setup)
                self._crew = crew = setup.crew or Crew(setup.actors)
                self.wire.send("ready", actors=setup.actors)
            elif kind == "run":
                self._run(message, setup, crew, fresh)
            elif kind == "teardown":
                return
            elif kind != "stop":
                raise Failed(f"unknown message {kind!r}")

    def _run(self, message, setup, crew, fresh):
        programs = [[parse_call(text) for text in program] for program in message["programs"]]
        for actor in crew.actors:
            actor.serial = max(actor.serial, message["first_serial"])
        rounds = ops = 0
        while rounds < message["rounds"] and not self._stop.is_set():
            number = message["round"] + rounds
            for actor in crew.actors:
                actor.begin(setup.seed, number)
            component = fresh()
            if not crew.run(component, programs, setup.stall, self._alive):
                self._stalled(setup, crew)
            self._gates.release()
            rest = Ledger()
            component.rest(rest)
            self.wire.round(number, crew.actors, rest)
            rounds += 1
            self._rounds += 1
            ops += sum(actor.ops for actor in crew.actors)
        self.wire.send("done", rounds=rounds, ops=ops)

    def _alive(self):
        if time.monotonic() - self.wire.last > 0.2:
            self.wire.send("progress", executions=self._rounds)

    def _stalled(self, setup, crew):
        places = crew.where()
        says = f"no call ended for {setup.stall:g} s: {'; '.join(places)}"
        self.wire.send("violation", kind="stall", detail="round", message=says, ids=[])
        self.wire.send("failed", message="the actors' threads hang, and Python cannot end them")
        # Daemon threads that hold locks can keep the interpreter from ending in the usual way.
        os._exit(EXIT_STALLED)


def protect_stdout():
    """Keeps the real stdout for the protocol and points everything else that prints at stderr."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(private, "wb", buffering=0)


def serve(name, opener):
    """Serves one trial on stdin and stdout, then exits.

    `opener(setup)` looks at the parameters once and returns a function that makes a fresh component for each round;
    it raises `Failed` where a parameter has no meaning.
    """
    code = Session(name, opener, sys.stdin.buffer, protect_stdout()).serve()
    sys.stderr.flush()
    os._exit(code)
