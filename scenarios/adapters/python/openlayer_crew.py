"""The processes of a trial, as a crew for racehunt_worker: started once, ordered round by round, killed on demand.

Nothing outlives the worker, however it ends (racehunt_children.py).
"""

import os
import queue
import random
import threading
import time

import openlayer_journal
from racehunt_children import Child, Folder
from racehunt_worker import Actor, Failed

# An import of the package takes 0.2 s on a quiet machine.
START_PATIENCE = 60.0

# All processes start at a moment that lies this far ahead when they are told, in nanoseconds.
HEAD_START = 2_000_000

# How long a call takes, in nanoseconds, as long as none has been seen.
TYPICAL = 2_000_000


class Member(Child):
    """One of the processes, and its share of the round."""

    def __init__(self, config, said):
        super().__init__("openlayer_child.py", config, said)
        self.programs, self.journal = [], None


class Crew:
    """Processes whose threads are the actors: actor i is in process i mod `processes`. One more drains a round."""

    def __init__(self, setup, processes, config, kill):
        self.actors = [Actor(number) for number in range(setup.actors)]
        self.journals, self.crashes, self.typical = [], 0, TYPICAL
        self._config, self._kill, self._round = config, kill, None
        self._random = random.Random(f"{setup.seed}/kill")
        self._said = queue.SimpleQueue()
        self.folder = Folder("openlayer")
        self._children = [Member(config, self._said) for _ in range(processes)]
        self._drainer = Member(config, self._said)
        try:
            self._await({*self._children, self._drainer}, "up", lambda: None)
        except Failed:
            self.end()
            raise

    def pids(self):
        """The processes there are now."""
        return [child.pid for child in (*self._children, self._drainer)]

    def _hear(self, alive):
        """The next answer; an empty one if there is none for a while."""
        try:
            child, answer = self._said.get(timeout=0.2)
        except queue.Empty:
            alive()
            return None, {}
        if "failed" in answer:
            raise Failed(answer["failed"])
        if "ended" in answer and not child.killed:
            raise Failed(f"process {child.pid} ended by itself with code {child.end()}")
        return child, answer

    def _await(self, waiting, word, alive):
        """Waits until all of `waiting` have said a word."""
        waiting, until = set(waiting), time.monotonic() + START_PATIENCE
        while waiting:
            child, answer = self._hear(alive)
            if word in answer:
                waiting.discard(child)
            elif not answer and time.monotonic() > until:
                raise Failed(f"{len(waiting)} processes did not say {word!r} within {START_PATIENCE:g} s")

    def run(self, component, programs, stall, alive):
        """One round: all actors make their calls. False if none made headway for `stall` seconds."""
        self._round, self.journals, self.crashes = component, [], 0
        shares = [[] for _ in self._children]
        for actor, program in zip(self.actors, programs):
            calls = [(nth, call.op, component.item(call, actor)) for nth, call in enumerate(program)]
            shares[actor.number % len(shares)].append((actor.number, calls))
        going = [child for child, share in zip(self._children, shares) if self._order(child, share)]
        self._await(going, "ready", alive)
        over = threading.Event()
        killer = threading.Thread(target=self._strike, args=(going, over), daemon=True)
        killer.start()
        at = time.monotonic_ns() + HEAD_START
        for child in going:
            child.tell(go=at)
        rests = self._wait(set(going), stall, alive)
        over.set()
        if rests:
            killer.join()
            # It may have struck one that was through with its calls: its successor has none, but must be there.
            rests = self._wait(set(), stall, alive)
        return rests

    def _order(self, child, share, **more):
        """Gives a process its share of a round; false if there is nothing to do."""
        child.programs = [(actor, calls) for actor, calls in share if calls]
        if child.programs:
            child.journal = self._round.journal(len(self.journals))
            self.journals.append(child.journal)
            child.tell(folder=self._round.folder, journal=child.journal, programs=child.programs, **more)
        return bool(child.programs)

    def _wait(self, going, stall, alive):
        """Waits until all have answered and those that were killed have successors."""
        since, seen = time.monotonic(), -1
        while going or any(child.killed for child in self._children):
            child, answer = self._hear(alive)
            if "done" in answer:
                going.discard(child)
            elif "ended" in answer:
                going.discard(child)
                going |= self._succeed(child)
            if answer:
                since = time.monotonic()
                continue
            size = sum(os.path.getsize(path) for path in self.journals if os.path.exists(path))
            if size != seen:
                seen, since = size, time.monotonic()
            elif time.monotonic() - since > stall:
                return False
        return True

    def _succeed(self, dead):
        """Starts a process in the place of one that was killed, for the calls that it had not begun."""
        dead.end()
        self.crashes += 1
        successor = Member(self._config, self._said)
        self._children[self._children.index(dead)] = successor
        left = openlayer_journal.rest_of(dead.programs, openlayer_journal.read(dead.journal)) if dead.programs else []
        share = [(actor + len(self.actors), calls) for actor, calls in left]
        return {successor} if self._order(successor, share, go=0) else set()

    def _strike(self, going, over):
        """Kills one process in a call of the op `kill`: which one, which call and how deep in it is drawn."""
        calls = [(child, n) for child in going for n in range(sum(op == self._kill for _, p in child.programs for _, op, _ in p))]
        if not calls:
            return
        victim, nth = self._random.choice(calls)
        mark = f'"begin":"{self._kill}"'.encode()
        while not over.is_set():
            if os.path.exists(victim.journal):
                with open(victim.journal, "rb") as file:
                    if file.read().count(mark) > nth:
                        time.sleep(self._random.uniform(0, self.typical) / 1e9)
                        victim.kill()
                        return
            time.sleep(0.0001)

    def drain(self, op, stall):
        """One call by a process that takes no part in the rounds."""
        self._order(self._drainer, [(2 * len(self.actors), [(0, op, None)])], go=0)
        if not self._wait({self._drainer}, stall, lambda: None):
            raise Failed(f"the drain made no headway for {stall:g} s")

    def where(self):
        """One line for each actor that is in a call."""
        at = {}
        for path in self.journals:
            for entry in openlayer_journal.read(path):
                if "begin" in entry:
                    at[entry["a"]] = f"actor {entry['a']} at {entry['begin']} number {entry['n']}"
                elif "end" in entry:
                    at.pop(entry["a"], None)
        return list(at.values())

    def end(self):
        """Ends all processes, waits for them, and removes the folder."""
        for child in (*self._children, self._drainer):
            child.end()
        self.folder.remove()
