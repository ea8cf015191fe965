"""Gates: places in an injected dependency where the harness can hold an actor (harness/PROTOCOL.md)."""

import threading

# A held actor goes on after this long, because not every schedule can be forced on every component.
PATIENCE = 1.0


class Gates:
    """Named points where the harness can hold an actor. A hold is for one actor: the first to reach it."""

    def __init__(self, wire, patience=PATIENCE):
        self._wire = wire
        self._patience = patience
        self._changed = threading.Condition()
        self._armed = set()
        self._holding = set()
        self._watched = False

    def act(self, name, action):
        """Obeys the harness: `hold` arms the gate, `open` lets go."""
        with self._changed:
            self._watched = True
            if action == "hold":
                self._armed.add(name)
            elif action == "open":
                self._armed.discard(name)
                self._holding.discard(name)
                self._changed.notify_all()
            else:
                raise ValueError(f"gate {name}: unknown action {action!r}")

    def reach(self, name):
        """Called by an actor at the gate. Returns at once unless this actor is the one to hold."""
        if not self._watched:
            return
        with self._changed:
            if name not in self._armed:
                return
            self._armed.discard(name)
            self._holding.add(name)
        self._wire.send("gate", name=name, state="held")
        with self._changed:
            opened = self._changed.wait_for(lambda: name not in self._holding, self._patience)
            self._holding.discard(name)
        if not opened:
            self._wire.send("gate", name=name, state="expired")

    def passed(self, name):
        """Tells the harness that an actor is past a point another one may be waiting for."""
        if self._watched:
            self._wire.send("gate", name=name, state="passed")

    def release(self):
        """Lets go of everything; the round is at rest, and what drains it must not be held."""
        with self._changed:
            self._armed.clear()
            self._holding.clear()
            self._changed.notify_all()
