"""A headless Chromium, driven over its debugging pipe. Standard library only.

The protocol is https://chromedevtools.github.io/devtools-protocol/: one JSON object a message, each ended by a zero
byte, on file descriptors 3 and 4 of the browser.
"""

import base64
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import zlib

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Failed(Exception):
    """What the page or the browser did wrong."""


def find():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One browser with one page. Every wait ends after `patience` seconds."""

    def __init__(self, patience=120):
        program = find()
        if not program:
            raise Failed("there is no Chromium: " + ", ".join(NAMES))
        self.patience = patience
        self.profile = tempfile.TemporaryDirectory(prefix="racehunt-browser-", ignore_cleanup_errors=True)
        theirs_in, self.ours_out = os.pipe()
        self.ours_in, theirs_out = os.pipe()
        flags = ["--headless", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run", "--hide-scrollbars",
                 "--disable-background-networking", "--disable-dev-shm-usage", f"--user-data-dir={self.profile.name}"]
        if os.geteuid() == 0:
            # The sandbox needs a user who is not root; what is opened here was made here.
            flags.append("--no-sandbox")
        redirect = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(
            ["bash", "-c", redirect, program, *flags],
            pass_fds=(theirs_in, theirs_out), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.buffer, self.number, self.session = b"", 0, None
        self.complaints, self.requests, self.loaded = [], [], False
        try:
            target = self.ask("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
                self.ask(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The browser has children; the group is ours alone, because it was started in a session of its own.
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.ours_in)
        os.close(self.ours_out)
        self.profile.cleanup()

    def _read(self, until):
        """The next message."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.ours_in], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise Failed(f"the browser did not answer in {self.patience} s")
            chunk = os.read(self.ours_in, 1 << 20)
            if not chunk:
                raise Failed("the browser ended")
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, message):
        """Keeps of an event what the checks are about."""
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(arg.get("value")) for arg in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded = True

    def ask(self, method, **params):
        """Calls a method of the protocol and returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        out = json.dumps(message).encode() + b"\0"
        while out:
            out = out[os.write(self.ours_out, out):]
        until = time.monotonic() + self.patience
        while True:
            answer = self._read(until)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)

    def open(self, url):
        """Loads a page and returns the seconds until it was there and painted."""
        # A page that differs in its fragment only would not be loaded again.
        self._load("about:blank")
        self.complaints.clear()
        self.requests.clear()
        began = time.monotonic()
        self._load(url)
        self.ask("Page.captureScreenshot", clip={"x": 0, "y": 0, "width": 8, "height": 8, "scale": 1})
        return time.monotonic() - began

    def _load(self, url):
        self.loaded = False
        self.ask("Page.navigate", url=url)
        until = time.monotonic() + self.patience
        while not self.loaded:
            self._note(self._read(until))

    def run(self, expression):
        """The value of a JavaScript expression in the page; promises are awaited."""
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise Failed(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def type(self, text):
        """Types into what has the focus."""
        self.ask("Input.insertText", text=text)

    def scheme(self, name, media=""):
        """Light or dark; `media` is screen, print or nothing."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)

    def size(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def screenshot(self, path=None):
        """The window as PNG."""
        png = base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])
        if path:
            with open(path, "wb") as file:
                file.write(png)
        return png

    def pdf(self):
        return base64.b64decode(self.ask("Page.printToPDF")["data"])


def colours(png):
    """How often each colour is in a PNG of eight bits without interlace."""
    at, data, head = 8, b"", None
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    width, height, depth, kind, _, _, interlace = head
    if depth != 8 or interlace or kind not in (2, 6):
        raise Failed(f"a PNG of another kind: {head}")
    step = 3 if kind == 2 else 4
    raw, stride, above, found = zlib.decompress(data), width * step, bytearray(width * step), {}
    for row in range(height):
        start = row * (stride + 1)
        above = _unfiltered(raw[start], bytearray(raw[start + 1:start + 1 + stride]), above, step)
        line = bytes(above)
        for x in range(0, stride, step):
            colour = line[x:x + 3]
            found[colour] = found.get(colour, 0) + 1
    return found


def _unfiltered(how, line, above, step):
    """One row of a PNG as it was before the filter `how`."""
    if how == 0:
        return line
    for i in range(len(line)):
        left = line[i - step] if i >= step else 0
        up = above[i]
        if how == 1:
            add = left
        elif how == 2:
            add = up
        elif how == 3:
            add = (left + up) // 2
        else:
            corner = above[i - step] if i >= step else 0
            guess = left + up - corner
            add = min((left, up, corner), key=lambda one: abs(guess - one))
        line[i] = (line[i] + add) & 255
    return line
