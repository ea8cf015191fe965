"""Tests of the watchdog adapter: its judgement, its processes with a stand-in for the package, and the package itself.

The stand-in has the package's interface and looks at the inode that the path had at first, as inotify does. What needs
the package is skipped without it.
"""

import importlib.metadata
import os
import pathlib
import signal
import sys
import tempfile
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import racehunt_worker  # noqa: E402
import watchdog_adapter  # noqa: E402
from test_openlayer_adapter import descendants, lives, waits_for  # noqa: E402
from test_racehunt_worker import Harness  # noqa: E402

EVENTS = '''
class FileSystemEventHandler:
    def on_any_event(self, event): pass
    def on_modified(self, event): pass
    def dispatch(self, event):
        self.on_any_event(event)
        self.on_modified(event)
'''

OBSERVERS = '''
import os, threading, time, types

class Observer(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.over = threading.Event()
    def schedule(self, handler, path):
        self.handler, self.path = handler, path
        name = os.path.join(path, "ideas") if os.path.isdir(path) else path
        self.name_of, self.held = name, os.open(name, os.O_RDONLY)
    def run(self):
        last = 0
        while not self.over.wait(0.001):
            found = os.stat(self.name_of) if os.path.isdir(self.path) else os.fstat(self.held)
            if found.st_size != last:
                last = found.st_size
                self.handler.dispatch(types.SimpleNamespace(src_path=self.name_of))
    def stop(self):
        self.over.set()
'''

HELD = [["watchdog_child.py", 176, "changed"], ["/usr/lib/concurrent/futures/_base.py", 451, "result"],
        ["/usr/lib/threading.py", 327, "wait"]]
BLOCKED = [["/usr/lib/asyncio/events.py", 84, "_run"], ["watchdog_child.py", 90, "_read"],
           ["watchdog_child.py", 43, "__enter__"]]


def installed():
    """The version of watchdog that is installed, or None."""
    try:
        return importlib.metadata.version("watchdog")
    except importlib.metadata.PackageNotFoundError:
        return None


def look(watcher=HELD, loop=BLOCKED, **more):
    """What a worker that hangs says, but for what is given."""
    threads = {"watcher": watcher, "loop": loop}
    return {"threads": threads, "holder": "watcher", "since": 174, "taken": 9, "turns": 20, **more}


class Judgement(unittest.TestCase):
    def hang(self, first, second):
        return watchdog_adapter.hang(first, second, 2.0, "7 events")

    def test_a_cycle_in_two_looks_is_a_deadlock(self):
        found = self.hang(look(), look())
        self.assertEqual(found["kind"], "deadlock")
        self.assertEqual(
            found["message"],
            "watcher holds file lock since watchdog_child.py:174, waits for the loop's result at "
            "watchdog_child.py:176; loop waits for file lock at watchdog_child.py:90; 7 events")
        self.assertNotIn("176", found["detail"])

    def test_anything_less_is_a_stall(self):
        others = {
            "the lock is the loop's": look(holder="loop"),
            "the lock is nobody's": look(holder=None, since=None),
            "the watcher reads": look(watcher=[HELD[0]]),
            "the watcher waits for another thing": look(watcher=[HELD[0], HELD[2]]),
            "there is no watcher": {**look(), "threads": {"loop": BLOCKED}},
            "the loop reads": look(loop=BLOCKED[:2]),
            "the loop waits for events": look(loop=[["/usr/lib/selectors.py", 468, "select"]]),
            "another hold": look(taken=11),
            "a turn in between": look(turns=21),
            "another place": look(since=170),
        }
        for why, other in others.items():
            for looks in ((look(), other), (other, look())):
                self.assertEqual(self.hang(*looks)["kind"], "stall", why)
        self.assertIn("the worker did not answer", self.hang(look(), None)["message"])
        self.assertIn("loop at watchdog_child.py:43 in __enter__", self.hang(look(turns=1), look())["message"])

    def test_what_is_in_the_file_and_was_not_taken_is_stale(self):
        with tempfile.TemporaryDirectory() as base:
            ideas = watchdog_adapter.Ideas(os.path.join(base, "round"), 0)
            actor = racehunt_worker.Actor(3)
            for op in ("append(2)", "replace", "append(3)"):
                actor.perform(ideas, racehunt_worker.parse_call(op))
            accepted = actor.ledger.accepted
            self.assertEqual((len(accepted), accepted), (6, ideas.there()))
            self.assertIsNone(ideas.missing(accepted, 2.0, (True, False)))
            stale = ideas.missing(accepted[:4], 2.0, (True, False))
            self.assertEqual((stale["kind"], stale["ids"]), ("stale", accepted[4:]))
            self.assertEqual(
                stale["message"],
                "not taken within 2 s: 2 of 3 writes after the rename, 0 of 1 by rename, 0 of 2 writes before; "
                "no inotify watch is on what the observed path names now")
            self.assertNotIn("inotify", ideas.missing(accepted[:4], 2.0, (True, True))["message"])
            # Where it was never seen to be there, its absence says nothing.
            self.assertNotIn("inotify", ideas.missing(accepted[:4], 2.0, (False, False))["message"])


class Adapter(unittest.TestCase):
    """Runs the adapter with a folder of its own for what it leaves behind."""

    def setUp(self):
        self.base = tempfile.TemporaryDirectory()
        self.addCleanup(self.base.cleanup)
        self.left = pathlib.Path(self.base.name, "left")
        self.left.mkdir()
        self.path = [str(HERE.parent)]

    def start(self, variant, params=None, stall_ms=10_000):
        """The adapter after setup, and its answer."""
        changed = {"TMPDIR": str(self.left), "PYTHONPATH": os.pathsep.join(self.path)}
        with unittest.mock.patch.dict(os.environ, changed):
            self.harness = harness = Harness(str(HERE.parent / "watchdog_adapter.py"))
        self.addCleanup(lambda: harness.process.stdin.closed or harness.end())
        trial = {"variant": variant, "params": params or {}, "seed": 5}
        return self.harness.set_up(actors=2, trial=trial, stall_ms=stall_ms)

    def rounds(self, programs, count=1):
        """For each round its lists, its violations and its snapshot."""
        self.harness.say("run", round=1, rounds=count, first_serial=0, programs=programs)
        lists, violations, settled = {}, [], []
        while (message := self.harness.hear("history", "violation", "snapshot", "done"))["type"] != "done":
            if message["type"] == "violation":
                violations.append(message)
            elif message["type"] == "snapshot":
                settled.append((lists, violations, message))
                lists, violations = {}, []
            else:
                for key, value in message.items():
                    if isinstance(value, list):
                        lists.setdefault(key, []).extend(value)
        self.assertEqual(len(settled), count)
        return settled

    def check_clean(self, settled, writes):
        for lists, violations, snapshot in settled:
            self.assertEqual(violations, [])
            self.assertEqual(len(lists["accepted"]), writes)
            self.assertEqual((sorted(lists["delivered"]), snapshot["retained"]), (sorted(lists["accepted"]), []))
            self.assertNotIn("errors", lists)

    def check_hangs(self):
        """As shipped it hangs before long; each time the worker is replaced, and every id has one fate."""
        self.start("as-shipped", stall_ms=1_000)
        first = descendants(self.harness.process.pid)
        settled = self.rounds([["append(200)"], ["read(200)"]], 4)
        kinds = [violation["kind"] for _, violations, _ in settled for violation in violations]
        self.assertIn("deadlock", kinds)
        for lists, _, snapshot in settled:
            fates = lists.get("delivered", []) + snapshot["retained"]
            self.assertEqual(sorted(fates), sorted(lists["accepted"]))
        now = descendants(self.harness.process.pid)
        gone = set(first) - set(now)
        self.assertEqual(len(gone), 1)
        self.assertLessEqual(len(now), len(first))
        self.assertFalse([pid for pid in gone if pathlib.Path(f"/proc/{pid}").exists()])

    def check_the_others_do_not_hang(self):
        for variant in ("published-fix", "hardened"):
            self.start(variant)
            self.check_clean(self.rounds([["append(50)"], ["read(50)"]], 3), 50)
            self.harness.end()

    def check_a_replaced_file(self, variant, watch):
        """The rounds of a file that is replaced, with three writes before and five after."""
        self.start(variant, {"watch": watch, "write_pause": 50})
        return self.rounds([["append(3)", "replace", "append(5)"], ["status(9)"]], 3)

    def check_stale(self, settled):
        """What was written last was not taken. Not in each round: a late handler reads more than it was called for."""
        found = []
        for lists, violations, snapshot in settled:
            self.assertEqual([v["kind"] for v in violations], ["stale"] if snapshot["retained"] else [])
            self.assertEqual(sorted(lists["delivered"] + snapshot["retained"]), sorted(lists["accepted"]))
            found += violations
            if violations:
                self.assertIn(lists["accepted"][-1], snapshot["retained"])
        self.assertTrue(found)
        return found[0]["message"]


class StandIn(Adapter):
    """With a package that has watchdog's interface."""

    def setUp(self):
        super().setUp()
        site = pathlib.Path(self.base.name, "site")
        for path, text in (
            ("watchdog/__init__.py", ""),
            ("watchdog/events.py", EVENTS),
            ("watchdog/observers.py", OBSERVERS),
            ("watchdog-0.1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: watchdog\nVersion: 0.1.0\n"),
        ):
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)
        self.path.insert(0, str(site))

    def check_nothing_is_left(self, pids):
        self.assertTrue(waits_for(lambda: not any(map(lives, pids))), pids)
        self.assertTrue(waits_for(lambda: not list(self.left.iterdir())), list(self.left.iterdir()))

    def test_a_handler_that_waits_for_the_loop_hangs(self):
        self.check_hangs()

    def test_the_others_do_not_hang(self):
        self.check_the_others_do_not_hang()

    def test_a_watch_on_an_inode_is_dead_after_a_rename(self):
        self.check_stale(self.check_a_replaced_file("as-shipped", "file"))
        for variant in ("published-fix", "hardened"):
            self.check_clean(self.check_a_replaced_file(variant, "file"), 9)

    def test_a_worker_that_is_stopped_is_a_stall_and_no_deadlock(self):
        self.start("published-fix", stall_ms=1_000)
        pid, = (pid for pid in descendants(self.harness.process.pid)
                if b"watchdog_child" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["append(500)"], ["read(500)"]])
        self.assertTrue(waits_for(lambda: any(file.stat().st_size for file in self.left.glob("*/1/ideas"))))
        os.kill(pid, signal.SIGSTOP)
        found = self.harness.hear("history", "violation")
        while found["type"] == "history":
            found = self.harness.hear("history", "violation")
        self.assertEqual((found["kind"], found["detail"]), ("stall", "worker"))
        self.harness.hear("snapshot")

    def test_events_a_write_are_counted(self):
        self.start("as-shipped", {"most_events": 7})
        (_, violations, snapshot), = self.rounds([["append(5)"], ["status"]])
        gauge, = snapshot["seen"]["gauges"]
        self.assertEqual((gauge["name"], gauge["bound"], violations), ("events a write", 7, []))
        self.assertLessEqual(gauge["peak"], 1)

    def test_whatever_its_end_it_leaves_nothing(self):
        for end in ("teardown", signal.SIGKILL, None):
            self.start("as-shipped")
            pids = descendants(self.harness.process.pid)
            self.assertEqual(len(pids), 2)
            if end == "teardown":
                self.rounds([["append"], ["status"]])
                self.harness.say("teardown")
                self.assertEqual(self.harness.process.wait(timeout=60), 0)
            else:
                self.harness.say("run", round=1, rounds=9, first_serial=0, programs=[["append(900)"], ["status(900)"]])
                self.assertTrue(waits_for(lambda: list(self.left.glob("*/1/ideas"))))
                if end:
                    self.harness.process.send_signal(end)
            self.harness.end()
            self.check_nothing_is_left(pids)

    def test_wrong_orders_are_named(self):
        for variant, params, part in (
            ("new", {}, "unknown variant 'new'"),
            ("hardened", {"version": "9.9"}, "watchdog 0.1.0 is installed"),
            ("hardened", {"watch": "all"}, "params.watch: 'all' is none of"),
            ("hardened", {"poll": 0}, "params.poll: 0 is no whole number from 1"),
            ("hardened", {"pol": 1}, "params.pol: unknown"),
        ):
            answer = self.start(variant, params)
            self.assertEqual(answer["type"], "failed")
            self.assertIn(part, answer["message"])
            self.harness.end()
        for program, part in ((["drop"], "unknown op 'drop'"), (["append", "read"], "or the loop's")):
            self.start("hardened")
            pids = descendants(self.harness.process.pid)
            self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[program, ["status"]])
            self.assertIn(part, self.harness.hear("failed")["message"])
            self.harness.end()
            self.check_nothing_is_left(pids)


@unittest.skipIf(installed() is None, "watchdog is not installed")
class Package(Adapter):
    """With the package itself."""

    def test_as_shipped_hangs(self):
        self.check_hangs()

    def test_the_others_do_not_hang(self):
        self.check_the_others_do_not_hang()

    def test_a_replaced_file(self):
        # Since 7.0.0 a watch on a file is a watch on its folder.
        if int(installed().split(".")[0]) < 7:
            message = self.check_stale(self.check_a_replaced_file("as-shipped", "file"))
            self.assertIn("no inotify watch is on what the observed path names now", message)
        else:
            self.check_clean(self.check_a_replaced_file("as-shipped", "file"), 9)
        self.check_clean(self.check_a_replaced_file("hardened", "file"), 9)

    def test_a_file_that_is_replaced_last(self):
        for variant, check in (("as-shipped", self.check_stale), ("hardened", lambda s: self.check_clean(s, 4))):
            self.start(variant, {"write_pause": 50})
            check(self.rounds([["append(3)", "replace"], ["status"]], 3))


if __name__ == "__main__":
    unittest.main()
