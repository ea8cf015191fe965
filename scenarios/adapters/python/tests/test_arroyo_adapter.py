"""Tests of the arroyo adapter: its accounting without the package, its rounds with it (skipped if it is missing)."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import arroyo_adapter  # noqa: E402
import racehunt_worker  # noqa: E402
from test_racehunt_worker import Harness  # noqa: E402


class BitsTest(unittest.TestCase):
    def setUp(self):
        self.bits = arroyo_adapter.Bits(2)
        self.actors = [racehunt_worker.Actor(0), racehunt_worker.Actor(1)]

    def test_a_total_is_the_set_of_its_ids(self):
        a, b = self.actors
        total = sum(1 << self.bits.take(actor, "m") for actor in (a, b, a, a))
        ids = [racehunt_worker.make_id(actor, serial) for actor, serial in ((0, 0), (1, 0), (0, 1), (0, 2))]
        self.assertEqual(sorted(self.bits.ids("m", total)), sorted(ids))
        self.assertEqual(self.bits.ids("m", 0), [])

    def test_a_float_carries_its_ids_exactly(self):
        bits = [self.bits.take(self.actors[n % 2], "t") for n in range(52)]
        total = sum(float(1 << bit) for bit in bits)
        self.assertEqual(len(self.bits.ids("t", total)), 52)

    def test_what_is_no_sum_of_ids_is_seen(self):
        self.bits.take(self.actors[0], "m")
        for total in (2, 1.5, 4):
            self.assertIsNone(self.bits.ids("m", total))
        self.assertIsNone(self.bits.ids("other", 1))


@unittest.skipIf(arroyo_adapter.processor is None, "sentry-arroyo is not installed")
class ArroyoTest(unittest.TestCase):
    def rounds(self, variant, params, programs, count=1):
        harness = Harness(str(HERE.parent / "arroyo_adapter.py"))
        trial = {"variant": variant, "params": params, "seed": 5}
        answer = harness.set_up(actors=len(programs), trial=trial)
        if answer["type"] == "failed":
            harness.end()
            return answer
        settled, _ = harness.run(programs, rounds=count)
        self.assertEqual(harness.end(), racehunt_worker.EXIT_ORPHAN)
        return settled

    def test_one_thread_at_a_time_loses_nothing(self):
        program = ["increment(0)", "timing(1)", "flush", "increment(0)", "timing", "increment"]
        for variant in arroyo_adapter.VARIANTS:
            for keys in ("shared", "fresh"):
                for seen, retained in self.rounds(variant, {"keys": keys}, [program], 20):
                    self.assertEqual(sorted(seen["delivered"]), sorted(seen["accepted"]))
                    self.assertEqual((len(seen["accepted"]), retained), (5, []))

    def test_the_hardened_variant_balances_under_load(self):
        program = ["increment", "timing", "flush", "increment"] * 4
        for seen, _ in self.rounds("hardened", {"sink": "yielding"}, [program] * 3, 100):
            self.assertEqual(sorted(seen["delivered"]), sorted(seen["accepted"]))
            self.assertNotIn("errors", seen)

    def test_wrong_settings_are_named(self):
        for variant, params, part in (
            ("new", {}, "unknown variant 'new'"),
            ("as-shipped", {"sink": "kitchen"}, "params.sink: 'kitchen' is none of"),
            ("as-shipped", {"metrics": 9}, "params.metrics: 9 is none of"),
        ):
            self.assertIn(part, self.rounds(variant, params, [["flush"]])["message"])


if __name__ == "__main__":
    unittest.main()
