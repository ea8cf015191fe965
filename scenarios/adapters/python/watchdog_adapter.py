"""Drives PyPI's watchdog, source untouched, inside a small copy of the field report's polling worker.

The worker (watchdog_child.py) is a process with an event loop, and in `as-shipped` and `hardened` with watchdog's
observer. It takes ideas out of a file that this process writes, as the field's retry manager does. The file's folder is
fresh for each round. A worker that hangs is asked where, twice, then killed and reaped, and the next round has another.

Ops of the writer: `append` (one idea more at the end of the file), `replace` (the file with one idea more is written
under another name and renamed). Ops of the loop: `read` (under the file lock), `status` (touches no file). `read(50)`
is 50 of them in one call. An actor is the writer's or the loop's. An idea is accepted when it is in the file, delivered
when the worker has taken it, and retained as long as it is only in the file.

Variants
    as-shipped      the handler takes the file lock on watchdog's thread, reads, and waits for the loop's result
    published-fix   the loop compares the file's size, no watchdog
    hardened        the handler only wakes the loop, which compares (mtime, size, inode), also without being woken

Parameters
    version         the version of watchdog that must be installed           (default any)
    watch           what is given to watchdog: "folder" or "file"            (default "folder")
    handler         "modified": on_modified and on_created are overridden; "any": on_any_event  (default "modified")
    write_pause     mean ms before each write, half to one and a half of it, by the seed  (default 10)
    loop_pause      the same before each of the loop's ops                   (default 10)
    poll            ms between two looks of the loop at the file             (default 50)
    settle          ms after the last op in which the worker must have taken everything  (default 2000)
    linger          ms for which the worker goes on after that; its events count  (default 0)
    most_events     events a write that the handler may get, 0 for any number  (default 0)

Judged here, because nobody else sees it
    deadlock        for the trial's `stall` the loop has made no turn, and in two looks the watcher's thread held the
                    lock, since the same moment, and waited for the loop's result, while the loop waited for the lock
    stall           the loop has made no turn and the looks do not show that
    stale           the worker came to rest without what is in the file
"""

import importlib.metadata
import os
import queue
import shutil
import sys
import threading
import time

import racehunt_worker
from racehunt_children import Child, Folder
from racehunt_worker import Actor, Failed

VARIANTS = ("as-shipped", "published-fix", "hardened")
WRITES = ("append", "replace")
TURNS = ("read", "status")
SOURCE = "watchdog_child.py"

# An import of asyncio and watchdog takes 0.2 s on a quiet machine.
START_PATIENCE = 60.0

# Seconds between two looks while a round goes on, and between the two that a hang is judged by.
LOOK = 0.02
SECOND_LOOK = 0.25

# For the observer's and the loop's end, which is no part of what is judged by the trial's `stall`.
END_PATIENCE = 20.0


def own(threads, name):
    """The frames of a thread in the worker's source, outermost first, and what it called from there."""
    frames = threads.get(name, [])
    last = max((n for n, frame in enumerate(frames) if frame[0] == SOURCE), default=-1)
    return [frame for frame in frames if frame[0] == SOURCE], frames[last + 1:]


def wait_cycle(look):
    """Where the watcher waits for the loop and the loop for the watcher's lock; None if the look does not show both."""
    watcher, watcher_calls = own(look["threads"], "watcher")
    loop, _ = own(look["threads"], "loop")
    waits_for_result = [frame[2] for frame in watcher_calls[:1]] == ["result"]
    waits_for_lock = len(loop) > 1 and loop[-1][2] == "__enter__"
    if look["holder"] != "watcher" or not waits_for_result or not waits_for_lock:
        return None
    return {"since": look["since"], "result": watcher[-1][1], "lock": loop[-2][1]}


def where(look):
    """For people: where each thread is, by its innermost place in the worker's source."""
    places = {name: own(look["threads"], name)[0][-1:] for name in look["threads"]}
    said = [f"{name} at {SOURCE}:{at[0][1]} in {at[0][2]}" if at else f"{name} in no call of the worker's"
            for name, at in places.items()]
    return "; ".join([*said, f"file lock held by {look['holder'] or 'nobody'}"])


def hang(first, second, stall, story):
    """The violation that two looks at a worker without progress amount to. A look that was not answered is None."""
    if first is None or second is None:
        return {"kind": "stall", "detail": "worker", "message": f"the worker did not answer for {stall:g} s {story}"}
    cycles = wait_cycle(first), wait_cycle(second)
    same = all(first[word] == second[word] for word in ("taken", "turns"))
    if same and cycles[0] is not None and cycles[0] == cycles[1]:
        at = {word: f"{SOURCE}:{line}" for word, line in cycles[0].items()}
        return {
            "kind": "deadlock",
            "detail": "the watcher holds the file lock and waits for the loop; the loop waits for the file lock",
            "message": f"watcher holds file lock since {at['since']}, waits for the loop's result at {at['result']}; "
                       f"loop waits for file lock at {at['lock']}; {story}",
        }
    says = f"no turn of the loop for {stall:g} s: {where(second)}; {story}"
    return {"kind": "stall", "detail": "loop", "message": says}


class Ideas:
    """The file of one round and what was written to it."""

    def __init__(self, folder, pause):
        self.folder, self.file = folder, os.path.join(folder, "ideas")
        self.written, self.replaced, self.over = [], None, threading.Event()
        self._pause, self._lock = pause, threading.Lock()
        os.makedirs(folder)
        open(self.file, "x").close()

    def apply(self, call, actor):
        """One call of a writer, cut short when the round is over."""
        for _ in range(call.arg or 1):
            if self.over.wait(self._pause * (0.5 + actor.draw(1000) / 1000)):
                return
            with self._lock:
                self._write(call.op, actor.next_id())

    def _write(self, op, item):
        line = b"%d\n" % item
        if op == "append":
            with open(self.file, "ab", buffering=0) as file:
                file.write(line)
        else:
            with open(self.file, "rb") as file:
                everything = file.read()
            with open(self.file + ".new", "wb", buffering=0) as file:
                file.write(everything + line)
            os.replace(self.file + ".new", self.file)
            self.replaced = len(self.written)
        self.written.append(item)

    def there(self):
        """The ids in the file."""
        with open(self.file, "rb") as file:
            return [int(line) for line in file.read().split()]

    def missing(self, view, settle, watched):
        """The violation that what the worker has not taken amounts to; None if it has everything."""
        left = set(self.there()) - set(view)
        if not left:
            return None
        at = len(self.written) if self.replaced is None else self.replaced
        parts = {
            "writes after the rename": self.written[at + 1:],
            "by rename": self.written[at:at + 1],
            "writes before": self.written[:at],
        }
        said = [f"{sum(i in left for i in ids)} of {len(ids)} {when}" for when, ids in parts.items() if ids]
        blind = "; no inotify watch is on what the observed path names now" if watched == (True, False) else ""
        return {
            "kind": "stale",
            "detail": "ideas" if self.replaced is None else "ideas, replaced by rename",
            "message": f"not taken within {settle:g} s: {', '.join(said)}{blind}",
            "ids": [i for i in self.written if i in left][:8],
        }


class Round(Ideas):
    """One round. The crew leaves here what came of it."""

    def __init__(self, setup, folder):
        super().__init__(folder, setup.config["write_pause"] / 1000)
        self._setup, self.view, self.events, self.violations = setup, [], 0, []

    def rest(self, ledger):
        """All is at rest, or killed: what was taken was delivered, the rest is in the file."""
        ledger.delivered = self.view
        taken = set(self.view)
        ledger.retained = [i for i in self.there() if i not in taken]
        ledger.violations = self.violations
        if self._setup.variant != "published-fix" and self.written:
            bound = self._setup.config["most_events"] or None
            a_write = -(-self.events // len(self.written))
            ledger.seen = {"gauges": [{"name": "events a write", "peak": a_write, "bound": bound}]}
        shutil.rmtree(self.folder)


class Crew:
    """The writer's actors are threads of this process, the loop's are in the worker, which lives until it hangs."""

    def __init__(self, setup):
        self.actors = [Actor(number) for number in range(setup.actors)]
        self.folder = Folder("watchdog")
        self._setup, self._worker, self._rounds = setup, None, 0
        self._said = queue.SimpleQueue()
        self._done, self._since = False, 0.0
        try:
            self._start(lambda: None)
        except Failed:
            self.end()
            raise

    def fresh(self):
        """The folder of the next round."""
        self._rounds += 1
        return Round(self._setup, os.path.join(self.folder.path, str(self._rounds)))

    def _start(self, alive):
        config = {**self._setup.config, "variant": self._setup.variant}
        self._worker = Child(SOURCE, config, self._said)
        if self._hear("up", START_PATIENCE, alive) is None:
            raise Failed(f"the worker did not start within {START_PATIENCE:g} s")

    def _hear(self, word, patience, alive):
        """The answer with a word in it, others are passed over; None if there is none in time."""
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            alive()
            try:
                child, answer = self._said.get(timeout=min(left, 0.2))
            except queue.Empty:
                continue
            if child is not self._worker:
                continue  # the last words of one that was killed
            if "failed" in answer:
                raise Failed(f"the worker: {answer['failed']}")
            if "ended" in answer:
                raise Failed(f"the worker ended by itself with code {child.end()}")
            if "done" in answer:
                self._done = True
            if word in answer:
                return answer
        return None

    def _ask(self, patience, alive, word, **order):
        self._worker.tell(**order)
        return self._hear(word, patience, alive)

    def run(self, component, programs, stall, alive):
        """One round, up to rest or to the worker's end."""
        for program in programs:
            check_program(program)
        if self._worker is None:
            self._start(alive)
        began = self._ask(START_PATIENCE, alive, "ready", round=True, file=component.file)
        if began is None:
            raise Failed(f"the worker did not begin a round within {START_PATIENCE:g} s")
        loops, writers = [], []
        for actor, program in zip(self.actors, programs):
            if program and program[0].op in TURNS:
                loops.append((actor.number, [(call.op, call.arg or 1) for call in program]))
            elif program:
                arguments = component, actor, program
                writers.append(threading.Thread(target=self._write, args=arguments, daemon=True))
        self._done, self._since = False, time.monotonic()
        self._worker.tell(go=loops, seed=f"{self._setup.seed}/{self._rounds}")
        for writer in writers:
            writer.start()
        told = self._watch(component, writers, stall, alive)
        component.over.set()
        for writer in writers:
            writer.join()
        self._book(component, began, told)
        return True

    def _write(self, component, actor, program):
        for call in program:
            if component.over.is_set():
                return
            actor.perform(component, call)

    def _watch(self, component, writers, stall, alive):
        """Looks on until the worker is at rest or hangs; then its last words, if it has any."""
        turns, since, settled = -1, time.monotonic(), None
        while True:
            look = (self._ask(stall, alive, "look", look=True) or {}).get("look")
            now = time.monotonic()
            if look is None:
                return self._give_up(component, None, stall, alive)
            busy = not self._done or any(writer.is_alive() for writer in writers)
            if look["turns"] != turns or self._done:
                turns, since = look["turns"], now
            elif now - since > stall:
                return self._give_up(component, look, stall, alive)
            if not busy:
                settled = settled or now
                late = now - settled > self._setup.config["settle"] / 1000
                if late or look["view"] >= len(component.written):
                    return self._rest(component, look, stall, alive)
            time.sleep(LOOK)

    def _rest(self, component, look, stall, alive):
        until = time.monotonic() + self._setup.config["linger"] / 1000
        while time.monotonic() < until:
            alive()
            time.sleep(LOOK)
        return self._ask(END_PATIENCE, alive, "view", end=True) or self._give_up(component, look, stall, alive)

    def _give_up(self, component, first, stall, alive):
        """The worker hangs: a second look, its last words, its end."""
        component.over.set()
        time.sleep(SECOND_LOOK)
        second = (self._ask(stall, alive, "look", look=True) or {}).get("look")
        told = second and self._ask(stall, alive, "view", tell=True)
        quiet = stall + SECOND_LOOK
        at = time.monotonic() - self._since - quiet
        story = f"{second['events']} events and about {at:.1f} s into the round" if second else "in a round"
        component.violations.append(hang(first, second, stall, story))
        self._worker.kill()
        self._worker.end()
        self._worker = None
        return told

    def _book(self, component, began, told):
        if told is None:
            return
        component.view, component.events = told["view"], told["events"]
        for number, calls in told["calls"].items():
            self.actors[int(number)].ops = calls
        if self._worker is None:
            return  # what a worker that hung has not taken says nothing more
        watched = began["watches"], told["watches"]
        stale = component.missing(component.view, self._setup.config["settle"] / 1000, watched)
        component.violations += [stale] if stale else []

    def where(self):
        """Asked for nothing: a worker that hangs is judged here."""
        return []

    def end(self):
        """Ends the worker, waits for that, and removes the folder."""
        if self._worker is not None:
            self._worker.end()
        self.folder.remove()


def check_program(program):
    """An actor writes, or it is the loop's."""
    for call in program:
        if call.op not in WRITES + TURNS:
            raise Failed(f"unknown op {call.op!r}: one of {', '.join(map(repr, WRITES + TURNS))}")
    if len({call.op in WRITES for call in program}) > 1:
        raise Failed("an actor has the writer's ops, `append` and `replace`, or the loop's, `read` and `status`")


def check_version(wanted):
    """Refuses to run without watchdog, and with another version than the scenario is about."""
    try:
        found = importlib.metadata.version("watchdog")
    except importlib.metadata.PackageNotFoundError:
        raise Failed(f"watchdog is not installed for {sys.executable}") from None
    if wanted not in (None, found):
        raise Failed(f"watchdog {found} is installed for {sys.executable}, params.version wants {wanted}")


def number(setup, name, default, low, high):
    """A whole number among the parameters."""
    value = setup.param(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Failed(f"params.{name}: {value!r} is no whole number from {low} to {high}")
    return value


def opener(setup):
    """Looks at the parameters once and starts the worker; returns what makes the folder of each round."""
    known = {"version", "watch", "handler", "write_pause", "loop_pause", "poll", "settle", "linger", "most_events"}
    for name in setup.params.keys() - known:
        raise Failed(f"params.{name}: unknown, one of {', '.join(sorted(known))}")
    check_version(setup.param("version", None))
    if setup.variant not in VARIANTS:
        raise Failed(f"unknown variant {setup.variant!r}: one of {', '.join(VARIANTS)}")
    setup.config = {
        "watch": setup.param("watch", "folder", ("folder", "file")),
        "handler": setup.param("handler", "modified", ("modified", "any")),
        "write_pause": number(setup, "write_pause", 10, 0, 10_000),
        "loop_pause": number(setup, "loop_pause", 10, 0, 10_000),
        "poll": number(setup, "poll", 50, 1, 10_000),
        "settle": number(setup, "settle", 2_000, 1, 60_000),
        "linger": number(setup, "linger", 0, 0, 60_000),
        "most_events": number(setup, "most_events", 0, 0, 1_000_000),
    }
    setup.crew = Crew(setup)
    return setup.crew.fresh


if __name__ == "__main__":
    racehunt_worker.serve("watchdog", opener)
