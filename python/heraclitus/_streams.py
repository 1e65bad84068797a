"""Events on their way to an identity, without a wait for each.

A thread sends what has gathered while the batch before was on its way. Over a network this is as
fast as a connection whose answers are read while it is written, and it has what a batch has: one
durable write, numbers by which it is sent again when an answer is lost, and the same code for a
house and for a server.
"""

from __future__ import annotations

import collections
import threading
import typing

from . import _outside

if typing.TYPE_CHECKING:
    from ._identities import Identity

__all__ = ["Stream"]

#: Events that were given and are not known to be durable; who gives more waits.
_UNDER_WAY = 1024
#: Events of one batch.
_BATCH = 512

Refused = typing.Callable[[int, Exception], None]


class Stream:
    """Learns in the background. `flush`, or the end of the `with` block, waits for what is given.

    An event that is refused, or a server that can't be reached, raises at the next call.
    """

    def __init__(self, identity: Identity, refused: Refused | None = None) -> None:
        self._identity = identity
        self._refused = refused
        self._change = threading.Condition()
        self._waiting: collections.deque[str] = collections.deque()
        self._under_way = 0
        self._acknowledged = 0
        self._errors: list[Exception] = []
        #: What ended it: nothing is sent any more.
        self._end: Exception | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._send, name="heraclitus stream", daemon=True)
        self._thread.start()

    def learn_one(
        self, x: dict[typing.Any, typing.Any], y: typing.Any = None, w: float = 1.0
    ) -> None:
        """Learn from one event, soon. Waits when 1,024 are under way."""
        event = _outside.text([_outside.row(x), y, w])
        with self._change:
            self._wait(lambda: len(self._waiting) + self._under_way < _UNDER_WAY)
            if self._closed:
                raise ValueError("this stream is closed")
            self._waiting.append(event)
            if len(self._waiting) == 1:  # the sender sleeps only when there is nothing
                self._change.notify_all()

    def predict_one(self, x: dict[typing.Any, typing.Any]) -> typing.Any:
        """The prediction, after all that was given has been learned."""
        self.flush()
        return self._identity.predict_one(x)

    def predict_proba_one(self, x: dict[typing.Any, typing.Any]) -> dict[typing.Any, float]:
        """The probability of each class, after all that was given has been learned."""
        self.flush()
        return self._identity.predict_proba_one(x)

    @property
    def acknowledged(self) -> int:
        """How many of the events given are known to be durable, or were refused."""
        return self._acknowledged

    def flush(self) -> None:
        """Wait until everything that was given is durable."""
        with self._change:
            self._wait(lambda: not self._waiting and not self._under_way)

    def close(self) -> None:
        """Flush, and end."""
        try:
            self.flush()
        finally:
            with self._change:
                self._closed = True
                self._change.notify_all()
            self._thread.join()

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        try:
            self.close()
        except Exception:
            if kind is None:  # what went wrong in the block is told first
                raise

    def __repr__(self) -> str:
        return f"Stream({self._identity!r})"

    def _wait(self, ready: typing.Callable[[], bool]) -> None:
        """Waits for something, or raises what has gone wrong meanwhile."""
        self._change.wait_for(lambda: self._errors or self._end or ready())
        if self._errors:
            first, *others = self._errors
            self._errors = []
            if others:
                first.add_note(f"and {len(others)} more were refused")
            raise first
        if self._end is not None:
            raise self._end

    def _send(self) -> None:
        while batch := self._next_batch():
            try:
                refused = self._identity._learn_text(f"[{','.join(batch)}]", len(batch))
                for place, error in refused:
                    self._tell(place, error)
            except Exception as error:
                with self._change:
                    left = len(batch) + len(self._waiting)
                    error.add_note(f"{left} events of this stream are not known to be durable")
                    self._end = error
                    self._waiting.clear()
                    self._under_way = 0
                    self._change.notify_all()
                return
            with self._change:
                self._acknowledged += len(batch)
                self._under_way = 0
                self._change.notify_all()

    def _next_batch(self) -> list[str]:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closed)
            count = min(len(self._waiting), _BATCH)
            self._under_way = count
            return [self._waiting.popleft() for _ in range(count)]

    def _tell(self, place: int, error: Exception) -> None:
        place += self._acknowledged
        if self._refused is not None:
            self._refused(place, error)
            return
        error.add_note(f"event {place} of this stream, counted from 0")
        with self._change:
            self._errors.append(error)
