"""The polling worker of the field report, a faithful small copy, around PyPI's watchdog, source untouched.

An event loop on a thread of its own takes new ideas out of a file that another process writes. Its program of `read`
(the loop looks at the same file, under the file lock) and `status` (a turn that touches no file) runs beside that.

    as-shipped      a FileSystemEventHandler takes the file lock on watchdog's thread, reads the file, schedules a
                    coroutine onto the loop and waits for its result
    published-fix   no watchdog: the loop compares the file's size now and then
    hardened        the handler only wakes the loop, which compares (mtime, size, inode), also now and then without
                    being woken, and takes a reading only if that was the same before and after it

The main thread obeys orders on stdin, one JSON object a line, and answers on stdout whatever the other threads do: so a
worker that hangs still tells where. The end of stdin ends the process, and so does the end of its parent.
"""

import asyncio
import concurrent.futures
import glob
import json
import os
import random
import re
import sys
import threading
import time
import traceback

from racehunt_children import die_with, private_stdout

HERE = os.path.abspath(__file__)


class FileLock:
    """A lock that knows who holds it since which line, which Python's own does not tell."""

    def __init__(self):
        self._lock = threading.Lock()
        self.holder, self.since, self.taken = None, None, 0

    def __enter__(self):
        self._lock.acquire()
        self.taken += 1
        self.holder, self.since = threading.get_ident(), sys._getframe(1).f_lineno

    def __exit__(self, *_):
        self.holder = self.since = None
        self._lock.release()


def read_ideas(path):
    """The ids in the file, one a line; a line without its end is still being written."""
    with open(path, encoding="ascii") as file:
        return [int(line) for line in file if line.endswith("\n")]


class Worker:
    """One round: a fresh loop, lock and view of the file. What a variant does to notice a change comes on top."""

    def __init__(self, order, config):
        self.path, self.config = order["file"], config
        self.lock, self.loop = FileLock(), asyncio.new_event_loop()
        self.view, self.known = [], set()
        self.calls, self.turns, self.events = {}, 0, 0
        self.observer = self.observed = None
        self.thread = threading.Thread(target=self._run, name="loop", daemon=True)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def begin(self):
        """Starts the loop and what notices changes."""
        self.thread.start()

    def act(self, programs, seed):
        """Runs the loop's part of the programs; a future for each."""
        coroutines = [self._act(actor, program, seed) for actor, program in programs]
        return [asyncio.run_coroutine_threadsafe(coroutine, self.loop) for coroutine in coroutines]

    async def _act(self, actor, program, seed):
        jitter = random.Random(f"{seed}/{actor}")
        for op, times in program:
            for _ in range(times):
                await asyncio.sleep(self.config["loop_pause"] * jitter.uniform(0.5, 1.5) / 1000)
                if op == "read":
                    self._read()
                self.turns += 1
            self.calls[actor] = self.calls.get(actor, 0) + 1

    def _read(self):
        with self.lock:
            read_ideas(self.path)

    async def take(self, ideas):
        """Takes what is new."""
        new = [i for i in ideas if i not in self.known]
        self.known.update(new)
        self.view += new
        self.turns += 1

    def changed(self):
        """Called on watchdog's thread for each event that the handler lets through."""

    def poll(self, step):
        """Runs a step on the loop for good."""
        asyncio.run_coroutine_threadsafe(self._poll(step), self.loop).add_done_callback(check)

    async def _poll(self, step):
        while True:
            await step()

    def observe(self):
        """Starts watchdog's observer, on the file or on its folder."""
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        worker = self

        class Handler(FileSystemEventHandler):
            def _mine(self, event):
                if event.src_path == worker.path:
                    worker.events += 1
                    worker.changed()

        for name in ("on_any_event",) if self.config["handler"] == "any" else ("on_modified", "on_created"):
            setattr(Handler, name, Handler._mine)
        self.observed = self.path if self.config["watch"] == "file" else os.path.dirname(self.path)
        self.observer = Observer()
        self.observer.schedule(Handler(), self.observed)
        self.observer.start()

    def end(self):
        """Stops the observer, then the loop."""
        if self.observer is not None:
            self.observer.stop()
            self.observer.join()
        asyncio.run_coroutine_threadsafe(self._quit(), self.loop)
        self.thread.join()
        self.loop.close()

    async def _quit(self):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.loop.stop()

    def watches(self):
        """Whether this process has an inotify watch on what the observed path names now."""
        return self.observer is not None and f"{os.stat(self.observed).st_ino:x}" in inotify_inodes()

    def look(self):
        """Where the threads are at one moment, and who holds the lock a moment later.

        `taken` and `turns` tell whether anything went on between two looks.
        """
        frames = sys._current_frames()
        names = {self.thread.ident: "loop"}
        if self.observer is not None:
            names[self.observer.ident] = "watcher"
        holder, since, taken = self.lock.holder, self.lock.since, self.lock.taken
        threads = {name: stack(frames[ident]) for ident, name in names.items() if ident in frames}
        return {"threads": threads, "holder": names.get(holder), "since": since, "taken": taken, "turns": self.turns}


class AsShipped(Worker):
    """The field's worker before the fix."""

    def begin(self):
        super().begin()
        self.observe()

    def changed(self):
        with self.lock:
            ideas = read_ideas(self.path)
            asyncio.run_coroutine_threadsafe(self.take(ideas), self.loop).result()


class PublishedFix(Worker):
    """The field's worker after the fix."""

    def begin(self):
        super().begin()
        self._size = 0
        self.poll(self._step)

    async def _step(self):
        await asyncio.sleep(self.config["poll"] / 1000)
        size = os.stat(self.path).st_size
        if size != self._size:
            with self.lock:
                ideas = read_ideas(self.path)
            self._size = size
            await self.take(ideas)


class Hardened(Worker):
    """Events only wake; what is there is what counts."""

    def begin(self):
        super().begin()
        self._wake, self._taken = asyncio.Event(), None
        self.poll(self._step)
        self.observe()

    def changed(self):
        self.loop.call_soon_threadsafe(self._wake.set)

    def _signature(self):
        found = os.stat(self.path)
        return found.st_mtime_ns, found.st_size, found.st_ino

    async def _step(self):
        try:
            await asyncio.wait_for(self._wake.wait(), self.config["poll"] / 1000)
        except asyncio.TimeoutError:
            pass
        self._wake.clear()
        before = self._signature()
        if before == self._taken:
            return
        with self.lock:
            ideas = read_ideas(self.path)
        if self._signature() == before:
            self._taken = before
            await self.take(ideas)


VARIANTS = {"as-shipped": AsShipped, "published-fix": PublishedFix, "hardened": Hardened}


def stack(frame):
    """Outermost first: file, line and function, those of this file by its name alone."""
    places = [(at.f_code.co_filename, line, at.f_code.co_name) for at, line in traceback.walk_stack(frame)]
    return [[os.path.basename(file) if file == HERE else file, line, name] for file, line, name in reversed(places)]


def inotify_inodes():
    """The inodes that the inotify descriptors of this process watch, in hexadecimal."""
    found = set()
    for path in glob.glob("/proc/self/fdinfo/*"):
        try:
            with open(path, encoding="ascii") as file:
                found.update(re.findall(r"^inotify wd:\S+ ino:(\S+)", file.read(), re.MULTILINE))
        except FileNotFoundError:
            continue
    return found


def check(future):
    """Brings an error of a task on the loop to where it is heard of."""
    if not future.cancelled() and future.exception() is not None:
        threading.excepthook(threading.ExceptHookArgs((None, future.exception(), None, None)))


class Orders:
    """Obeys the harness's side, order by order, on the main thread."""

    def __init__(self, config, say):
        self._config, self._say, self._worker = config, say, None

    def obey(self, order):
        """One order; what takes its time is done by a thread of its own."""
        worker = self._worker
        if "round" in order:
            worker = self._worker = VARIANTS[self._config["variant"]](order, self._config)
            worker.begin()
            self._say(ready=True, watches=worker.watches())
        elif "go" in order:
            futures = worker.act(order["go"], order["seed"])
            threading.Thread(target=self._wait, args=(futures,), daemon=True).start()
        elif "look" in order:
            self._say(look={**worker.look(), "view": len(worker.view), "events": worker.events})
        elif "tell" in order:
            self._tell(worker)
        elif "end" in order:
            threading.Thread(target=self._end, args=(worker,), daemon=True).start()

    def _wait(self, futures):
        concurrent.futures.wait(futures)
        for future in futures:
            check(future)
        self._say(done=True)

    def _end(self, worker):
        watches = worker.watches()
        worker.end()
        self._tell(worker, watches=watches)

    def _tell(self, worker, **more):
        self._say(view=list(worker.view), calls=worker.calls, events=worker.events, **more)


def main(config):
    """Obeys the orders on stdin until it ends."""
    die_with(config["parent"])
    say = private_stdout()

    def failed(args):
        traceback.print_exception(args.exc_value)
        say(failed=f"{type(args.exc_value).__name__}: {args.exc_value}")

    # A handler that raises ends watchdog's thread without a word, and that would look like a dead watch.
    threading.excepthook = failed
    try:
        orders = Orders(config, say)
        say(up=time.monotonic_ns())
        for line in sys.stdin:
            orders.obey(json.loads(line))
    except Exception as error:
        traceback.print_exc()
        say(failed=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
    # Threads may hang; nothing here is worth waiting for.
    os._exit(0)
