"""Tests of the openlayer adapter: its accounting, its processes with a stand-in for the package, and the package itself.

The stand-in has the package's interface and does the same to the folder. What needs the package is skipped without it.
"""

import importlib.metadata
import json
import os
import pathlib
import signal
import sys
import tempfile
import time
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import openlayer_adapter  # noqa: E402
import openlayer_journal  # noqa: E402
from test_racehunt_worker import Harness  # noqa: E402

STAND_IN = '''
import json, logging, pathlib, threading, time, uuid
logger = logging.getLogger(__name__)
_tracer_config, _offline_buffer, _client = {}, None, None

class Buffer:
    def __init__(self):
        self.path, self.lock = pathlib.Path(_tracer_config["offline_buffer_path"]), threading.Lock()
    def files(self):
        return sorted(self.path.glob("trace_*.json"), key=lambda f: f.name)
    def store_trace(self, data, config, pipeline):
        try:
            with self.lock:
                for old in self.files()[:1]:
                    if len(self.files()) >= _tracer_config["max_buffer_size"]:
                        old.unlink()
                with (self.path / f"trace_{time.time_ns()}_{uuid.uuid4()}.json").open("w", encoding="utf-8") as file:
                    json.dump({"trace_data": data}, file)
            return True
        except Exception as e:
            logger.error("Failed to store: %s", e)
            return False
    def get_buffered_traces(self):
        return [json.loads(file.read_text()) | {"_file_path": str(file)} for file in self.files()]
    def get_buffer_status(self):
        return {}
    def clear_buffer(self):
        files = self.files()
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)

def _get_offline_buffer():
    global _offline_buffer
    _offline_buffer = _offline_buffer or Buffer()
    return _offline_buffer

def replay_buffered_traces(max_retries):
    traces = _get_offline_buffer().get_buffered_traces()
    for trace in traces:
        _client.inference_pipelines.data.stream(inference_pipeline_id="", rows=[trace["trace_data"]], config={})
        pathlib.Path(trace["_file_path"]).unlink(missing_ok=True)
    return {"total_traces": len(traces), "success_count": len(traces), "failure_count": 0}
'''


def installed():
    """The variant whose version is installed, or None."""
    try:
        version = importlib.metadata.version("openlayer")
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((variant for variant, wanted in openlayer_adapter.VERSIONS.items() if wanted == version), None)


def descendants(pid):
    """The processes that a process has started, by /proc."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def lives(pid):
    """Whether a process is there and no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def waits_for(condition, patience=60):
    """True as soon as the condition holds; False if it never does."""
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


class Adapter(unittest.TestCase):
    """Runs the adapter with a folder of its own for what it leaves behind."""

    def setUp(self):
        self.base = tempfile.TemporaryDirectory()
        self.addCleanup(self.base.cleanup)
        self.left = pathlib.Path(self.base.name, "left")
        self.left.mkdir()
        self.path = [str(HERE.parent)]

    def start(self, params, actors=2, variant="as-shipped", **more):
        """The adapter after setup, and its answer."""
        changed = {"TMPDIR": str(self.left), "PYTHONPATH": os.pathsep.join(self.path)}
        with unittest.mock.patch.dict(os.environ, changed):
            self.harness = Harness(str(HERE.parent / "openlayer_adapter.py"))
        self.addCleanup(lambda: self.harness.process.stdin.closed or self.harness.end())
        trial = {"variant": variant, "params": params, "seed": 5}
        return self.harness.set_up(actors=actors, trial=trial, stall_ms=20_000, **more)

    def rounds(self, programs, count=1):
        """For each round its lists and its snapshot."""
        self.harness.say("run", round=1, rounds=count, first_serial=0, programs=programs)
        lists, settled = {}, []
        while (message := self.harness.hear("history", "snapshot", "done"))["type"] != "done":
            if message["type"] == "snapshot":
                settled.append((lists, message))
                lists = {}
            for key, value in message.items():
                if isinstance(value, list):
                    lists.setdefault(key, []).extend(value)
        self.assertEqual(message["ops"], count * sum(map(len, programs)))
        return settled

    def check_nothing_is_left(self, pids):
        self.assertTrue(waits_for(lambda: not any(map(lives, pids))), pids)
        self.assertTrue(waits_for(lambda: not list(self.left.iterdir())), list(self.left.iterdir()))


class StandIn(Adapter):
    """With a package that has openlayer's interface."""

    def setUp(self):
        super().setUp()
        site = pathlib.Path(self.base.name, "site")
        place = site / "openlayer" / "lib" / "tracing"
        place.mkdir(parents=True)
        for folder in (place, place.parent, place.parent.parent):
            (folder / "__init__.py").touch()
        (place / "tracer.py").write_text(STAND_IN)
        info = site / "openlayer-0.29.1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: openlayer\nVersion: 0.29.1\n")
        self.path.append(str(site))

    def test_a_round_accounts_for_every_id(self):
        self.assertEqual(self.start({"processes": 2, "cap": 3}), {"type": "ready", "actors": 2})
        for lists, snapshot in self.rounds([["store"] * 5, ["status"]], 3):
            puts = [e["what"]["put"] for e in lists["events"] if "put" in e["what"]]
            self.assertEqual([put["answer"] for put in puts], ["yes"] * 5)
            evicted = [i for put in puts for i in put["evicted"]]
            stored = [put["id"] for put in puts]
            self.assertEqual((evicted, lists["delivered"]), (stored[:2], stored[2:]))
            self.assertEqual(snapshot["retained"], [])
            self.assertEqual(snapshot["seen"]["gauges"], [{"name": "files", "peak": 3, "bound": 3}])
            self.assertEqual([sent["id"] for sent in snapshot["seen"]["sends"]], stored[2:])
        # The drain's replay is an event as well, of an actor of its own.
        replay = lists["events"][-1]
        self.assertEqual((replay["actor"], replay["what"]["replay"]["total"]), (4, 3))

    def test_marks_come_before_removals(self):
        self.start({"processes": 2, "cap": 2, "drain": False})
        (lists, snapshot), = self.rounds([["store"] * 8 + ["clear"], ["store", "list", "replay"]])
        marks, offers = {}, set()
        for event in lists["events"]:
            self.assertLessEqual(event["from"], event["to"])
            (what, value), = event["what"].items()
            if what == "remove":
                marks.setdefault((event["actor"], value[0]), (event["from"], value[1]))
            elif what == "offer":
                offers.add((event["actor"], value))
            for i in (value.get("evicted") or value.get("removed") or []) if isinstance(value, dict) else []:
                at, why = marks[event["actor"], i]
                self.assertEqual(why, {"put": "evict", "clear": "clear", "replay": "deliver"}[what])
                self.assertLessEqual(at, event["to"])
            if what == "put":
                self.assertIn((event["actor"], value["id"]), offers)
        self.assertNotIn("crashes", snapshot)

    def test_without_wrappers_what_is_gone_was_evicted(self):
        self.start({"processes": 2, "cap": 4, "observe": "none", "drain": False})
        (lists, snapshot), = self.rounds([["store"] * 10, ["store"] * 10])
        self.assertFalse([e for e in lists["events"] if "remove" in e["what"]])
        ids = sorted(e["what"]["put"]["id"] for e in lists["events"] if e["what"].get("put", {}).get("answer") == "yes")
        self.assertEqual(sorted(lists["evicted"] + snapshot["retained"]), ids)

    def test_a_misfit_is_refused_and_leaves_a_broken_file(self):
        self.start({"processes": 2, "read": False})
        (lists, snapshot), = self.rounds([["store-misfit"], ["status"]])
        self.assertEqual([e["what"] for e in lists["events"]][1]["put"]["answer"], "no")
        unreadable, = snapshot["seen"]["unreadable"]
        self.assertTrue(unreadable.startswith("left-behind: trace_"), unreadable)
        self.assertEqual(snapshot["retained"], [])

    def test_a_kill_costs_one_call_and_the_rest_goes_on_in_another_process(self):
        self.start({"processes": 2, "kill": "store", "payload": 100_000}, actors=2)
        worker = self.harness.process.pid
        before = descendants(worker)
        settled = self.rounds([["store"] * 4] * 2, 5)
        # On a busy machine a round can be over before it is struck.
        self.assertIn(1, [snapshot.get("crashes") for _, snapshot in settled])
        for lists, snapshot in settled:
            offers = [e["what"]["offer"] for e in lists["events"] if "offer" in e["what"]]
            self.assertEqual(len(set(offers)), 8)
            answered = [e["what"]["put"]["id"] for e in lists["events"] if "put" in e["what"]]
            self.assertLessEqual(set(answered), set(offers))
            self.assertGreaterEqual(len(answered), 7)
        after = descendants(worker)
        self.assertEqual(len(after), len(before))
        self.assertFalse([pid for pid in set(before) - set(after) if pathlib.Path(f"/proc/{pid}").exists()])

    def test_teardown_leaves_nothing(self):
        self.start({"processes": 2})
        pids = descendants(self.harness.process.pid)
        self.assertEqual(len(pids), 4)
        self.rounds([["store"], ["store"]])
        self.harness.say("teardown")
        self.assertEqual(self.harness.process.wait(timeout=60), 0)
        self.assertFalse([pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()])
        self.assertEqual(list(self.left.iterdir()), [])

    def test_a_worker_that_is_killed_or_loses_its_harness_leaves_nothing(self):
        for end in (signal.SIGKILL, None):
            self.start({"processes": 2, "payload": 100_000})
            pids = descendants(self.harness.process.pid)
            self.harness.say("run", round=1, rounds=1_000, first_serial=0, programs=[["store"] * 50] * 2)
            self.harness.hear("history")
            if end:
                self.harness.process.send_signal(end)
            self.harness.end()
            self.check_nothing_is_left(pids)

    def test_a_process_that_ends_by_itself_ends_the_trial(self):
        self.start({"processes": 2})
        pids = descendants(self.harness.process.pid)
        for pid in pids:
            if b"openlayer_child" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["store"], ["store"]])
        self.assertIn("ended by itself with code -9", self.harness.hear("failed")["message"])
        self.assertEqual(self.harness.process.wait(timeout=60), 1)
        self.check_nothing_is_left(pids)

    def test_wrong_orders_are_named(self):
        for params, variant, part in (
            ({}, "new", "unknown variant 'new'"),
            ({}, "published-fix", "openlayer 0.29.1 is installed: published-fix needs"),
            ({"processes": 3}, "as-shipped", "params.processes: 3 processes for 2 actors"),
            ({"cap": "many"}, "as-shipped", "params.cap: 'many' is no whole number"),
            ({"kill": "all"}, "as-shipped", "params.kill: 'all' is none of"),
            ({"kil": "store"}, "as-shipped", "params.kil: unknown"),
        ):
            answer = self.start(params, variant=variant)
            self.assertEqual(answer["type"], "failed")
            self.assertIn(part, answer["message"])
            self.harness.end()
        for params, op, part in (({}, "drop", "unknown op 'drop'"), ({"observe": "none"}, "list", "needs observe")):
            self.start({"processes": 2, **params})
            pids = descendants(self.harness.process.pid)
            self.harness.say("run", round=1, rounds=1, first_serial=0, programs=[["store"], [op]])
            self.assertIn(part, self.harness.hear("failed")["message"])
            self.harness.end()
            self.check_nothing_is_left(pids)


@unittest.skipIf(installed() is None, "no openlayer of a known version is installed")
class Package(Adapter):
    """With the package itself."""

    def test_one_thread_at_a_time_loses_nothing(self):
        self.start({"processes": 2, "cap": 3}, variant=installed())
        program = ["store"] * 5 + ["list", "status", "replay", "store", "clear", "store"]
        for lists, snapshot in self.rounds([program, ["status"]], 5):
            self.assertNotIn("errors", lists)
            calls = [next(iter(e["what"].items())) for e in lists["events"]]
            ids = [value["id"] for what, value in calls if what == "put"]
            found, = (value for what, value in calls if what == "list")
            first = next(value for what, value in calls if what == "replay")
            clear, = (value for what, value in calls if what == "clear")
            self.assertEqual(sorted(found), sorted(first["attempted"]))
            self.assertEqual((first["total"], first["sent"], first["failed"]), (3, 3, 0))
            self.assertEqual((clear["counted"], clear["removed"]), (1, [ids[5]]))
            self.assertEqual(sorted(lists["delivered"]), sorted([*found, ids[6]]))
            self.assertEqual(snapshot["retained"], [])

    def test_errors_have_the_names_of_what_the_package_logs(self):
        self.start({"processes": 1, "cap": 3}, actors=2, variant=installed())
        (lists, snapshot), = self.rounds([["store-misfit"], ["store"]])
        self.assertNotIn("errors", lists)
        answers = sorted(e["what"]["put"]["answer"] for e in lists["events"] if "put" in e["what"])
        self.assertEqual(answers, ["no", "yes"])


class Journals(unittest.TestCase):
    def test_what_a_kill_cut_off_was_never_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "journal")
            self.assertEqual(openlayer_journal.read(path), [])
            pathlib.Path(path).write_text(json.dumps({"a": 0, "t": 1, "begin": "list", "n": 0, "id": None}) + '\n{"a":0,')
            self.assertEqual(len(openlayer_journal.read(path)), 1)

    def test_a_name_is_whose_write_came_last(self):
        entries = [{"a": 0, "t": t, "name": "x", "id": i} for t, i in ((5, 50), (9, 90))]
        names = openlayer_journal.Names(entries)
        self.assertEqual([names.id("x", t) for t in (4, 5, 8, 9)], [None, 50, 50, 90])
        self.assertEqual((names.id("x"), names.id("y")), (90, None))

    def test_a_killed_call_leaves_its_marks_and_is_not_made_again(self):
        entries = [
            {"a": 1, "t": 1, "begin": "store", "n": 0, "id": 7},
            {"a": 1, "t": 2, "name": "new", "id": 7},
            {"a": 1, "t": 3, "begin": "clear", "n": 1, "id": None},
            {"a": 1, "t": 4, "unlink": "new"},
        ]
        settled = openlayer_journal.Settled([entries])
        self.assertEqual([e["what"] for e in settled.events], [{"offer": 7}, {"remove": [7, "clear"]}])
        self.assertEqual(settled.calls, {1: 2})
        programs = [(1, ["store", "clear", "list"]), (3, ["store"])]
        self.assertEqual(openlayer_journal.rest_of(programs, entries), [(1, ["list"]), (3, ["store"])])


if __name__ == "__main__":
    unittest.main()
