"""Drives the metrics buffer of PyPI's sentry-arroyo (arroyo.processing.processor.MetricsBuffer), source untouched.

Ops: `increment(k)` and `timing(k)` add one id to the k-th counter or timer (drawn from the seed without an
argument); `flush` flushes.

An id travels as a power of two. The buffer adds with `+=`, so a total is the set of the ids in it as long as each
is added once, and plain ints and floats add without a Python frame. An id-carrying class with an `__add__` of its
own would give the interpreter a place to switch threads inside `+=`, where it has none in production, and find
lost updates that are ours. A float is exact for 53 bits: no more ids than that fit one timer in one round.

Variants
    as-shipped      the class as installed
    published-fix   flush walks snapshots of both maps, as the field report proposes; the rest as installed
    hardened        one lock around every access to the maps, the hand-over outside it: must come out clean

Parameters
    sink            "recorder" notes what it gets; "yielding" also lets another thread run, as a sink that writes to
                    a socket does; "gated" also stops at the gate `hand-over`            (default "yielding")
    keys            "shared": arroyo's own names; "fresh": a name of its own for each add (default "shared")
    metrics         how many counters and timers, 1 to 6                                  (default 6)
    interval        seconds after which an add flushes                                    (default arroyo's, 1.0)
    switch_interval seconds after which the interpreter asks a thread to yield            (default Python's, 0.005)

Gates: `hand-over` (gated sink, before it notes a total) and `flush` (passed when an explicit flush has returned).
"""

import sys
import threading
import time

import racehunt_worker

try:
    import arroyo.processing.processor as processor
    from arroyo.utils.metrics import Metrics, configure_metrics
except ImportError as missing:
    processor, Metrics, configure_metrics, MISSING = None, object, None, missing

COUNTERS = (
    "arroyo.consumer.run.count",
    "arroyo.consumer.invalid_message.count",
    "arroyo.consumer.pause",
    "arroyo.consumer.resume",
    "arroyo.consumer.dlq.dropped_messages",
    "arroyo.consumer.stuck",
)
TIMERS = (
    "arroyo.consumer.poll.time",
    "arroyo.consumer.processing.time",
    "arroyo.consumer.backpressure.time",
    "arroyo.consumer.dlq.time",
    "arroyo.consumer.join.time",
    "arroyo.consumer.shutdown.time",
)

FLOAT_BITS = 53


class Sink(Metrics):
    """Notes what the buffer hands over. A list's append is atomic, so two flushes may overlap here."""

    def __init__(self, pause):
        self.totals = []
        self._pause = pause

    def increment(self, name, value=1, tags=None):
        self._pause()
        self.totals.append((name, value))

    def timing(self, name, value, tags=None):
        self._pause()
        self.totals.append((name, value))

    def gauge(self, name, value, tags=None):
        pass


def published_fix(base):
    """The fix of the field report: `list(items())` before each walk, everything else as it was."""

    class PublishedFix(base):
        def flush(self):
            timers = list(self._MetricsBuffer__timers.items())
            counters = list(self._MetricsBuffer__counters.items())
            for metric, value in timers:
                self.metrics.timing(metric, value)
            for metric, value in counters:
                self.metrics.increment(metric, value)
            self._MetricsBuffer__reset()

    return PublishedFix


def hardened(base):
    """One lock around {add, due-check} and {take both maps}; no lock while the sink is called."""

    class Hardened(base):
        def __init__(self):
            self._lock = threading.Lock()
            super().__init__()

        def _add(self, totals, metric, value):
            with self._lock:
                totals[metric] += value
                since = time.time() - self._MetricsBuffer__last_record_time
                taken = self._take() if since > processor.METRICS_FREQUENCY_SEC else None
            if taken:
                self._hand_over(*taken)

        def incr_timing(self, metric, duration):
            self._add(self._MetricsBuffer__timers, metric, duration)

        def incr_counter(self, metric, delta):
            self._add(self._MetricsBuffer__counters, metric, delta)

        def flush(self):
            with self._lock:
                taken = self._take()
            self._hand_over(*taken)

        def _take(self):
            taken = list(self._MetricsBuffer__timers.items()), list(self._MetricsBuffer__counters.items())
            self._MetricsBuffer__reset()
            return taken

        def _hand_over(self, timers, counters):
            for metric, value in timers:
                self.metrics.timing(metric, value)
            for metric, value in counters:
                self.metrics.increment(metric, value)

    return Hardened


VARIANTS = {"as-shipped": lambda base: base, "published-fix": published_fix, "hardened": hardened}


class Bits:
    """Which power of two stands for which id. Each actor writes to a table of its own."""

    def __init__(self, actors):
        self._actors = actors
        self._tables = [{} for _ in range(actors)]
        self._used = [{} for _ in range(actors)]

    def take(self, actor, metric):
        """A new id of `actor` and its bit within the totals of `metric`."""
        used = self._used[actor.number]
        nth = used.get(metric, 0)
        used[metric] = nth + 1
        bit = nth * self._actors + actor.number
        self._tables[actor.number][metric, bit] = actor.next_id()
        return bit

    def ids(self, metric, total):
        """The ids in a total; None if it is no sum of ids that were added to this metric."""
        rest, found = int(total), []
        while rest:
            bit = (rest & -rest).bit_length() - 1
            rest &= rest - 1
            found.append(self._tables[bit % self._actors].get((metric, bit)))
        return None if None in found or total != int(total) else found


class Buffer:
    """One round: a fresh buffer with a fresh sink."""

    def __init__(self, kind, pause, setup):
        self._sink = Sink(pause)
        configure_metrics(self._sink, force=True)
        self._buffer = kind()
        self._gates = setup.gates
        self._metrics = setup.param("metrics", len(COUNTERS))
        self._fresh = setup.param("keys", "shared") == "fresh"
        self._bits = Bits(setup.actors)

    def _metric(self, names, call, actor):
        which = actor.draw(self._metrics) if call.arg is None else call.arg % self._metrics
        return f"{names[which]}.{actor.number}.{actor.serial}" if self._fresh else names[which]

    def apply(self, call, actor):
        """Makes one call."""
        if call.op == "increment":
            metric = self._metric(COUNTERS, call, actor)
            self._buffer.incr_counter(metric, 1 << self._bits.take(actor, metric))
        elif call.op == "timing":
            metric = self._metric(TIMERS, call, actor)
            bit = self._bits.take(actor, metric)
            if bit >= FLOAT_BITS:
                raise racehunt_worker.Failed(
                    f"more than {FLOAT_BITS} ids for one timer in one round: give the actors fewer timings, or keys = \"fresh\"")
            self._buffer.incr_timing(metric, float(1 << bit))
        elif call.op == "flush":
            self._buffer.flush()
            self._gates.passed("flush")
        else:
            raise racehunt_worker.Failed(f"unknown op {call.op!r}: one of 'increment', 'timing', 'flush'")

    def rest(self, ledger):
        """Flushes what is left and reads the totals back."""
        self._buffer.flush()
        for metric, total in self._sink.totals:
            ledger.delivered += self._decode(metric, total)
        for held in (self._buffer._MetricsBuffer__timers, self._buffer._MetricsBuffer__counters):
            for metric, total in held.items():
                ledger.retained += self._decode(metric, total)

    def _decode(self, metric, total):
        found = self._bits.ids(metric, total)
        if found is None:
            raise racehunt_worker.Failed(f"{metric}: {total!r} is no sum of the ids that were added")
        return found


def opener(setup):
    """Looks at the parameters once; returns what makes the buffer of each round."""
    if processor is None:
        raise racehunt_worker.Failed(f"sentry-arroyo is not installed for {sys.executable}: {MISSING}")
    if setup.variant not in VARIANTS:
        raise racehunt_worker.Failed(f"unknown variant {setup.variant!r}: one of {', '.join(VARIANTS)}")
    kind = VARIANTS[setup.variant](processor.MetricsBuffer)
    pauses = {
        "recorder": lambda: None,
        "yielding": lambda: time.sleep(0),
        "gated": lambda: setup.gates.reach("hand-over"),
    }
    pause = pauses[setup.param("sink", "yielding", tuple(pauses))]
    setup.param("keys", "shared", ("shared", "fresh"))
    setup.param("metrics", len(COUNTERS), tuple(range(1, len(COUNTERS) + 1)))
    processor.METRICS_FREQUENCY_SEC = setup.param("interval", processor.METRICS_FREQUENCY_SEC)
    sys.setswitchinterval(setup.param("switch_interval", sys.getswitchinterval()))
    return lambda: Buffer(kind, pause, setup)


if __name__ == "__main__":
    racehunt_worker.serve("arroyo", opener)
