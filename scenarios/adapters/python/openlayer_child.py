"""One of the processes that use PyPI's openlayer in a round: threads call the package's buffer, source untouched.

Everything a thread does is written to a journal, one `os.write` an entry before the thread goes on, so that it outlives
a SIGKILL. The package keeps its traces under names that it makes up itself, so the journal tells by name what became
of them, and openlayer_journal.py finds the ids afterwards.

Which file a store writes and which files a call removes is seen by two wrappers, round `io.open` and `os.unlink`,
through which pathlib goes. Each writes one journal entry ahead: a system call of a few microseconds between
the package's choice of a file and its removal. With `observe = "none"` nothing is wrapped.

Orders come on stdin, one JSON object a line, answers go to stdout. The end of stdin ends the process, whatever its
threads do; so does the end of its parent.
"""

import io
import json
import logging
import os
import pathlib
import sys
import threading
import time
import uuid

from racehunt_children import die_with, private_stdout

PIPELINE = "racehunt"

# Traces hold many small values, and so does this payload: the package writes them piece by piece.
PIECE = "0123456789abcdef" * 4

current = threading.local()


def kind_of(error):
    """The name of an error in the form that racehunt_worker gives it; imported late, as it is rarely needed."""
    import racehunt_worker

    return racehunt_worker.error_kind(error)


class Journal:
    """A file of entries that is never behind."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **entry):
        """Writes one entry; it is safe in the kernel when this returns."""
        os.write(self._file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")

    def close(self):
        """No more entries."""
        os.close(self._file)


class Call:
    """A call that is going on in this thread."""

    def __init__(self, journal, actor, nth, op, item):
        self.actor, self.op, self.item = actor, op, item
        self._journal = journal
        self.gone, self.sent, self.error = [], [], None
        journal.write(a=actor, t=time.monotonic_ns(), begin=op, n=nth, id=item)

    def note(self, **entry):
        """Adds an entry of this call to the journal."""
        self._journal.write(a=self.actor, t=time.monotonic_ns(), **entry)

    def end(self, began, **answer):
        """The call has answered."""
        self.note(end=self.op, began=began, id=self.item, gone=self.gone, sent=self.sent, error=self.error, **answer)


class Watch:
    """Sees which files of the buffer are written and removed. The calls themselves are Python's own."""

    def __init__(self):
        self._open, self._unlink = io.open, os.unlink
        io.open, os.unlink = self.open, self.unlink
        self._seen = set()
        pathlib.Path(os.devnull).open("w").close()
        pathlib.Path(f"{os.devnull}-{os.getpid()}").unlink(missing_ok=True)
        if self._seen != {"open", "unlink"}:
            version = sys.version.split()[0]
            raise RuntimeError(f"pathlib of Python {version} does not use io.open and os.unlink: set observe = \"none\"")

    def open(self, file, mode="r", *more, **named):
        """`io.open`, with an entry before a store writes."""
        self._seen.add("open")
        call = getattr(current, "call", None)
        if call is not None and "w" in mode and isinstance(file, pathlib.PurePath):
            call.note(name=file.name, id=call.item)
        return self._open(file, mode, *more, **named)

    def unlink(self, path, **named):
        """`os.unlink`, with an entry before, and the name kept once the file is really gone."""
        self._seen.add("unlink")
        call = getattr(current, "call", None)
        if call is None:
            return self._unlink(path, **named)
        name = os.path.basename(path)
        call.note(unlink=name)
        self._unlink(path, **named)
        call.gone.append(name)


class Says(logging.Handler):
    """What the package logs as an error: the only place where it tells why a call answered with "no"."""

    def emit(self, record):
        call = getattr(current, "call", None)
        error = record.args[-1] if isinstance(record.args, tuple) and record.args else None
        if call is None or not isinstance(error, Exception):
            return
        if isinstance(error, ValueError) and len(record.args) == 2:
            call.note(torn=os.path.basename(record.args[0]), why=str(error))
        else:
            call.error = [kind_of(error), str(error)]


class Client:
    """Stands in for the platform's client: what arrives goes to the journal, and another thread may run."""

    def __init__(self):
        self.inference_pipelines = self.data = self

    def stream(self, inference_pipeline_id, rows, config):
        """Takes traces, as the real one does."""
        for row in rows:
            item = int(row["inferenceId"])
            current.call.sent.append(item)
            current.call.note(send=item)
        time.sleep(0)


def stubs(config):
    """TB12 needs two names alike within one millisecond: a stub of the clock and of the first 8 hex digits of an id."""
    if config["clock"] == "frozen":
        now = time.time()
        time.time = lambda: now
    if config["stub_ids"]:
        real = uuid.uuid4
        uuid.uuid4 = lambda: uuid.UUID("5ca1ab1e" + real().hex[8:])


class Buffer:
    """The package's calls, as its own code makes them."""

    def __init__(self, config):
        import openlayer.lib.tracing.tracer as tracer

        tracer.logger.addHandler(Says(logging.ERROR))
        tracer.logger.propagate = False
        self._tracer = tracer
        self._cap, self._retries = config["cap"], config["max_retries"]
        self._pieces = config["payload"] // len(PIECE)

    def open(self, folder):
        """A fresh buffer on a folder; the package makes the object at the first call that needs it.

        The settings go where the package's `init` puts them: `init` itself imports pandas and pyarrow for its uploads.
        """
        self._tracer._tracer_config.update(
            offline_buffer_enabled=True, offline_buffer_path=folder, max_buffer_size=self._cap)
        self._tracer._offline_buffer = None
        self._tracer._client = Client()

    def _trace(self, call, last):
        pieces = [PIECE] * self._pieces + [last]
        return {"inferenceId": str(call.item), "output": pieces}, {"inferencePipelineId": PIPELINE}

    def perform(self, call):
        """Makes one call and writes what came of it."""
        buffer = self._tracer._get_offline_buffer
        if call.op in ("store", "store-misfit"):
            # A misfit has a value at its end that JSON cannot hold.
            data = self._trace(call, b"bytes" if call.op == "store-misfit" else "")
            began = time.monotonic_ns()
            call.end(began, answer=buffer().store_trace(*data, PIPELINE))
            return
        began = time.monotonic_ns()
        if call.op == "list":
            traces = buffer().get_buffered_traces()
            call.end(began, listed=[int(trace["trace_data"]["inferenceId"]) for trace in traces])
        elif call.op == "replay":
            counts = self._tracer.replay_buffered_traces(max_retries=self._retries)
            call.end(began, counts=[counts[k] for k in ("total_traces", "success_count", "failure_count")])
        elif call.op == "clear":
            call.end(began, counted=buffer().clear_buffer())
        else:
            buffer().get_buffer_status()
            call.end(began)


class Round:
    """The threads of one round. They wait for a moment that all processes are told."""

    def __init__(self, buffer, order, ended):
        self._buffer, self._ended = buffer, ended
        self._journal = Journal(order["journal"])
        self._left = len(order["programs"])
        self._lock = threading.Lock()
        self._go, self._at = threading.Event(), 0
        buffer.open(order["folder"])
        for actor, program in order["programs"]:
            threading.Thread(target=self._act, args=(actor, program), daemon=True).start()

    def go(self, at):
        """Starts the threads at a moment of the monotonic clock."""
        self._at = at
        self._go.set()

    def _act(self, actor, program):
        failed = None
        try:
            self._go.wait()
            time.sleep(max(0, self._at - time.monotonic_ns()) / 1e9)
            for nth, op, item in program:
                self._call(Call(self._journal, actor, nth, op, item))
        except BaseException as error:  # a thread that ends without a word would look like a stall
            failed = f"{type(error).__name__}: {error}"
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._journal.close()
        if failed or last:
            self._ended(failed)

    def _call(self, call):
        current.call = call
        began = time.monotonic_ns()
        try:
            self._buffer.perform(call)
        except Exception as error:  # whatever the package throws is its answer to the caller
            call.error = [kind_of(error), str(error) or type(error).__name__]
            call.end(began, threw=True)
        finally:
            current.call = None


def main(config):
    die_with(config["parent"])
    say = private_stdout()
    try:
        serve(config, say)
    except Exception as error:
        say(failed=f"{type(error).__name__}: {error}")


def serve(config, say):
    """Obeys the orders on stdin until it ends."""
    if config["observe"] == "names":
        Watch()
    stubs(config)
    buffer = Buffer(config)
    going = None
    say(up=os.getpid())
    for line in sys.stdin:
        order = json.loads(line)
        if "programs" in order:
            going = Round(buffer, order, lambda failed: say(failed=failed) if failed else say(done=True))
            say(ready=True)
        if "go" in order:
            going.go(order["go"])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
    # Threads may hang; nothing here is worth waiting for.
    os._exit(0)
