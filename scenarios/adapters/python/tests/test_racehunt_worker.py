"""Tests of the worker's side of the protocol. Run with `python3 -m unittest discover -s scenarios/adapters/python/tests`."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import racehunt_worker  # noqa: E402

PROTOCOL_MD = HERE.parents[3] / "harness" / "PROTOCOL.md"


class Harness:
    """A harness for one worker process."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, script, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def say(self, kind, **fields):
        self.process.stdin.write(json.dumps({"type": kind, **fields}) + "\n")
        self.process.stdin.flush()

    def hear(self, *kinds):
        """The next message that is no sign of life."""
        while True:
            line = self.process.stdout.readline()
            message = json.loads(line) if line else {"type": "end"}
            if message["type"] != "progress":
                assert not kinds or message["type"] in kinds, message
                return message

    def set_up(self, actors=2, **more):
        self.hear("hello")
        setup = {"protocol": 1, "trial": {"variant": "v", "params": {}, "seed": 3}, "actors": actors, **more}
        self.say("setup", **setup)
        return self.hear("ready", "failed")

    def run(self, programs, rounds=1, first=1, serial=0):
        """One batch: for each round its lists and what is retained, and the batch's `done`."""
        self.say("run", round=first, rounds=rounds, first_serial=serial, programs=programs)
        seen, settled = {}, []
        while True:
            message = self.hear("history", "snapshot", "done")
            if message["type"] == "done":
                return settled, message
            if message["type"] == "snapshot":
                settled.append((seen, message["retained"]))
                seen = {}
            for key, value in message.items():
                if isinstance(value, list):
                    seen.setdefault(key, []).extend(value)

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


PARTS = '''
import os, sys, threading, time
sys.path.insert(0, {path!r})
import racehunt_worker as rw

class Part:
    def __init__(self, setup): self.setup, self.held, self.lock = setup, [], threading.Lock()
    def apply(self, call, actor):
        i = actor.next_id()
        if call.op == "chat": print("a library prints"); os.write(1, b"and so does C\\n")
        if call.op == "raise": raise RuntimeError("dictionary changed size during iteration")
        if call.op == "hang": threading.Event().wait()
        if call.op == "refuse": raise rw.Failed("no such op")
        if call.op == "gate": self.setup.gates.reach("door")
        if call.op == "pass": self.setup.gates.passed("window")
        self.held.append(i)
    def rest(self, ledger): ledger.retained += self.held

rw.serve("part", lambda setup: lambda: Part(setup))
'''


class WorkerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        script = pathlib.Path(self.folder.name) / "part.py"
        script.write_text(PARTS.format(path=str(HERE.parent)))
        self.harness = Harness(str(script))

    def tearDown(self):
        if not self.harness.process.stdin.closed:
            self.harness.end()
        self.folder.cleanup()

    def test_rounds_and_ids(self):
        self.assertEqual(self.harness.set_up(), {"type": "ready", "actors": 2})
        rounds, done = self.harness.run([["put", "put"], ["put"]], rounds=3, serial=10)
        self.assertEqual(done, {"type": "done", "rounds": 3, "ops": 9})
        ids = [i for seen, _ in rounds for i in seen["accepted"]]
        self.assertEqual(len(set(ids)), 9)
        self.assertEqual(min(i & (1 << 40) - 1 for i in ids), 10)
        for seen, retained in rounds:
            self.assertEqual(sorted(seen["accepted"]), sorted(retained))
        self.harness.say("teardown")
        self.assertEqual(self.harness.process.wait(timeout=60), 0)

    def test_what_is_printed_is_no_message(self):
        self.harness.set_up()
        rounds, _ = self.harness.run([["chat"], ["put"]])
        self.assertEqual(len(rounds[0][0]["accepted"]), 2)

    def test_an_error_leaves_its_id_uncertain(self):
        self.harness.set_up()
        (seen, _), = self.harness.run([["raise", "put"], ["put"]])[0]
        self.assertEqual(seen["uncertain"], [0])
        self.assertEqual(seen["errors"], [
            {"op": "raise", "kind": "iteration", "message": "dictionary changed size during iteration", "actor": 0}])
        self.assertEqual(sorted(seen["accepted"]), [1, 1 << 40])

    def test_long_rounds_come_in_batches(self):
        self.harness.set_up()
        self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["put"] * 120, ["put"] * 120])
        sizes = [len(self.harness.hear("history")["accepted"]) for _ in range(3)]
        self.assertEqual(sizes, [100, 100, 40])

    def test_a_hang_is_reported_with_its_place(self):
        self.harness.set_up(stall_ms=300)
        self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["hang"], ["put"]])
        violation = self.harness.hear("violation")
        self.assertEqual((violation["kind"], violation["detail"]), ("stall", "round"))
        self.assertIn("actor 0 at threading.py", violation["message"])
        self.assertEqual(self.harness.hear()["type"], "failed")
        self.assertEqual(self.harness.process.wait(timeout=60), racehunt_worker.EXIT_STALLED)

    def test_the_end_of_stdin_ends_a_worker_that_hangs(self):
        self.harness.set_up(stall_ms=60_000)
        self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["hang"], ["put"]])
        self.assertEqual(self.harness.end(), racehunt_worker.EXIT_ORPHAN)

    def test_stop_ends_the_batch(self):
        self.harness.set_up()
        self.harness.say("run", round=1, rounds=1_000_000_000, first_serial=0, programs=[["put"], ["put"]])
        self.harness.hear("history")
        self.harness.say("stop")
        while True:
            message = self.harness.hear("history", "snapshot", "done")
            if message["type"] == "done":
                break
        self.assertEqual(message["ops"], 2 * message["rounds"])

    def test_a_gate_holds_the_first_and_opens_on_order(self):
        self.harness.set_up()
        self.harness.say("gate", name="door", action="hold")
        self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["gate"], ["gate", "pass"]])
        self.assertEqual(self.harness.hear("gate"), {"type": "gate", "name": "door", "state": "held"})
        if (message := self.harness.hear("gate"))["name"] == "window":
            self.harness.say("gate", name="door", action="open")
        else:
            # The second actor was first at the gate, so its own passing comes after the gate gave up on it.
            self.assertEqual(message["state"], "expired")

    def test_a_refusal_is_told(self):
        self.harness.set_up()
        self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["refuse"], ["put"]])
        self.assertEqual(self.harness.hear(), {"type": "failed", "message": "no such op"})
        self.assertEqual(self.harness.process.wait(timeout=60), 1)

    def test_another_version_is_refused(self):
        self.assertEqual(self.harness.set_up(protocol=2)["type"], "failed")


class DocumentTest(unittest.TestCase):
    def test_the_small_worker_of_the_document_works(self):
        code = re.search(r"```python\n(.*?)```", PROTOCOL_MD.read_text(encoding="utf-8"), re.S).group(1)
        self.assertLessEqual(len(code.splitlines()), 30)
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "bag.py"
            script.write_text(code)
            harness = Harness(str(script))
            harness.set_up()
            rounds, done = harness.run([["put", "put"], ["put"]], rounds=2)
            self.assertEqual((len(rounds), done["ops"]), (2, 6))
            for seen, retained in rounds:
                self.assertEqual(sorted(seen["accepted"]), sorted(retained))
            self.assertEqual(harness.end(), 0)


class PartsTest(unittest.TestCase):
    def test_calls(self):
        self.assertEqual(racehunt_worker.parse_call("put(3)"), ("put", 3))
        self.assertEqual(racehunt_worker.parse_call("put"), ("put", None))
        for text in ("", "put(", "put()", "put(-1)", "put(1)x"):
            with self.assertRaises(racehunt_worker.Failed):
                racehunt_worker.parse_call(text)

    def test_kinds_of_errors(self):
        class QueueFullError(Exception):
            pass

        kinds = [racehunt_worker.error_kind(e) for e in (KeyError("k"), QueueFullError(), RuntimeError("x"), Exception())]
        self.assertEqual(kinds, ["key", "queue-full", "runtime", "error"])

    def test_draws_hang_on_the_seed_alone(self):
        def draws(seed, round_number):
            actor = racehunt_worker.Actor(1)
            actor.begin(seed, round_number)
            return [actor.draw(1000) for _ in range(5)]

        self.assertEqual(draws(7, 1), draws(7, 1))
        self.assertNotEqual(draws(7, 1), draws(7, 2))


if __name__ == "__main__":
    unittest.main()
