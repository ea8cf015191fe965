"""Processes and a folder of a trial that do not outlive the worker, however it ends.

The processes end with their stdin and with their parent, and they are in the worker's process group. The folder is
removed by a shell in a session of its own, which waits for the worker's end.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading

PR_SET_PDEATHSIG = 1

# A process that still writes can keep `rm` from emptying the folder; it is being killed at that moment.
JANITOR = 'cat >/dev/null; for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$0" && exit; sleep 0.2; done'


class Folder:
    """A folder for the trial that is removed when this process has ended, by whatever."""

    def __init__(self, name):
        self.path = tempfile.mkdtemp(prefix=f"racehunt-{name}-")
        self._janitor = subprocess.Popen(
            ["sh", "-c", JANITOR, self.path], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def remove(self):
        """Removes it now."""
        self._janitor.stdin.close()
        self._janitor.wait()


class Child:
    """One process, a script beside this file, and what it says, which goes to a queue that all share."""

    def __init__(self, script, config, said):
        self.killed = False
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), script)
        self._process = subprocess.Popen(
            [sys.executable, "-B", path, json.dumps({**config, "parent": os.getpid()})],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self._process.pid
        threading.Thread(target=self._listen, args=(said,), daemon=True).start()

    def _listen(self, said):
        for line in self._process.stdout:
            said.put((self, json.loads(line)))
        said.put((self, {"ended": True}))

    def tell(self, **order):
        """Sends an order. One that was killed does not hear it, and its end is told by the queue."""
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def kill(self):
        """SIGKILL."""
        self.killed = True
        self._process.kill()

    def end(self):
        """Ends it, waits for that and returns the exit code."""
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            return self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def die_with(parent):
    """Asks the kernel to kill this process with the thread that started it, and makes sure that it still lives."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def private_stdout():
    """A function that says things on the real stdout, from any thread; everything else that prints goes to stderr."""
    out, lock = os.fdopen(os.dup(1), "wb", buffering=0), threading.Lock()
    os.dup2(2, 1)

    def say(**answer):
        with lock:
            out.write(json.dumps(answer).encode() + b"\n")

    return say
