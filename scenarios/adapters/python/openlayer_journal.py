"""From the journals of a round to its events: what became of names turns into what became of ids.

An entry is a JSON object with the actor `a` and the moment `t`, and one of
    begin, n, id              a call begins, the n-th of its actor's program; `id` of the trace it carries, or null
    name, id                  a store is about to write the file
    unlink                    the file is about to be removed
    torn, why                 the package could not read the file
    send                      the id arrives at the client
    end, began, gone, ...     the call has answered; `gone` are the files that it really removed

A process that was killed goes on as another one, with other actors: its open marks must stay open, and calls of the
same actor would close them. So actor 1 of two comes back as actor 3."""

import bisect
import json
import os

WHY = {"store": "evict", "store-misfit": "evict", "clear": "clear", "replay": "deliver"}


def read(path):
    """The entries of a journal. What a kill cut off at its end was never written."""
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return [json.loads(line) for line in file.read().split(b"\n")[:-1]]


def rest_of(programs, entries):
    """The calls of `programs` that have not begun."""
    begun = {}
    for entry in entries:
        if "begin" in entry:
            begun[entry["a"]] = entry["n"] + 1
    return [(actor, program[begun.get(actor, 0):]) for actor, program in programs]


class Names:
    """Which id is behind a name. Two stores can choose the same one (TB12): the last one to write has it."""

    def __init__(self, entries):
        self._owners = {}
        for entry in sorted((e for e in entries if "name" in e), key=lambda e: e["t"]):
            moments, ids = self._owners.setdefault(entry["name"], ([], []))
            moments.append(entry["t"])
            ids.append(entry["id"])

    def id(self, name, at=None):
        """The id at a moment, or at the end; None if no store was seen to write the file."""
        moments, ids = self._owners.get(name, ((), ()))
        before = len(ids) if at is None else bisect.bisect(moments, at)
        return ids[before - 1] if before else None


class Settled:
    """The journals of a round, read: `events`, `errors`, `sends`, `torn` and how many `calls` began."""

    def __init__(self, journals):
        every = [entry for journal in journals for entry in journal]
        self.names = Names(every)
        self.events, self.errors, self.torn = [], [], []
        self.calls, self.taken = {}, {}
        sends = sorted((e for e in every if "send" in e), key=lambda e: e["t"])
        self.sends = [e["send"] for e in sends]
        for journal in journals:
            op = {}
            for entry in journal:
                self._enter(entry, op)

    def answered(self, answer):
        """The ids whose store answered so."""
        puts = (event["what"]["put"] for event in self.events if "put" in event["what"])
        return [put["id"] for put in puts if put["answer"] == answer]

    def _event(self, entry, began, what):
        self.events.append({"actor": entry["a"], "from": began, "to": entry["t"], "what": what})

    def _enter(self, entry, op):
        actor, now = entry["a"], entry["t"]
        if "begin" in entry:
            op[actor] = entry["begin"]
            self.calls[actor] = self.calls.get(actor, 0) + 1
            if entry["id"] is not None:
                self._event(entry, now, {"offer": entry["id"]})
        elif "unlink" in entry:
            item = self.names.id(entry["unlink"], now)
            if item is not None:
                self._event(entry, now, {"remove": [item, WHY[op[actor]]]})
        elif "torn" in entry:
            self.torn.append((entry["torn"], entry["why"]))
        elif "end" in entry:
            self._end(entry)

    def _end(self, entry):
        op, began = entry["end"], entry["began"]
        self.taken.setdefault(op, []).append(entry["t"] - began)
        gone = [i for i in (self.names.id(name, entry["t"]) for name in entry["gone"]) if i is not None]
        threw = entry.get("threw", False)
        if op in ("store", "store-misfit"):
            answer = "unknown" if threw else "yes" if entry["answer"] else "no"
            self._event(entry, began, {"put": {"id": entry["id"], "answer": answer, "evicted": gone}})
        elif op == "list" and not threw:
            self._event(entry, began, {"list": entry["listed"]})
        elif op == "replay" and not threw:
            total, sent, failed = entry["counts"]
            tried = list(dict.fromkeys(entry["sent"]))
            self._event(entry, began, {"replay": {
                "attempted": tried, "removed": gone, "total": total, "sent": sent, "failed": failed}})
        elif op == "clear" and not threw:
            self._event(entry, began, {"clear": {"counted": entry["counted"], "removed": gone}})
        # A misfit is refused for what it is, and other calls that fail inside answer as if there were nothing.
        if entry["error"] and (threw or op in ("store", "status")):
            kind, message = entry["error"]
            self.errors.append({"actor": entry["a"], "op": op, "kind": kind, "message": message})
