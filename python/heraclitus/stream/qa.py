"""Questions and answers in the order in which they would arrive."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any


def simulate_qa(
    dataset: Iterable[tuple[Any, ...]],
    moment: str | Callable[[dict], Any] | None,
    delay: Any,
    copy: bool = True,
) -> Iterator[tuple[Any, ...]]:
    """Yields each event twice: as a question `(i, x, None)`, and when its label has arrived, as an
    answer `(i, x, y)`. A third element of an event, a dict of keyword arguments, comes along.

    Parameters
    ----------
    dataset
        A stream of `(x, y)` in the order of time.
    moment
        When an event happens: the name of a feature, a function of `x`, or `None` for its number.
    delay
        How long its label takes, in what can be added to `moment`: a number or a time, the name of
        a feature, a function of `x` and `y`, or `None` for no time at all.
    copy
        Whether the question has features of its own, so that changing them changes no answer.

    Examples
    --------

    >>> from heraclitus import stream
    >>> events = [({"a": 1}, "x"), ({"a": 2}, "y"), ({"a": 3}, "z")]
    >>> for i, x, y in stream.simulate_qa(events, moment=None, delay=1):
    ...     print(i, x, y)
    0 {'a': 1} None
    0 {'a': 1} x
    1 {'a': 2} None
    1 {'a': 2} y
    2 {'a': 3} None
    2 {'a': 3} z
    """
    waiting: list[tuple[Any, int, tuple[Any, ...]]] = []
    for i, (x, y, *rest) in enumerate(dataset):
        extra = (rest[0],) if rest and rest[0] else ()
        if moment is None and delay is None:
            now = due = i
        else:
            now = _moment(moment, i, x)
            due = now if delay is None else now + _delay(delay, x, y)
        while waiting and waiting[0][0] <= now and (delay is not None):
            yield heapq.heappop(waiting)[2]
        yield (i, deepcopy(x) if copy else x, None, *extra)
        answer = (i, x, y, *extra)
        if delay is None:
            yield answer
        else:
            # The number breaks ties, so that events and labels are never compared.
            heapq.heappush(waiting, (due, i, answer))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _moment(moment: Any, i: int, x: Any) -> Any:
    if moment is None:
        return i
    return moment(x) if callable(moment) else x[moment]


def _delay(delay: Any, x: Any, y: Any) -> Any:
    if isinstance(delay, str):
        return x[delay]
    return delay(x, y) if callable(delay) else delay
