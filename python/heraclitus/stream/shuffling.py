"""A stream in a random order, as far as a buffer reaches."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def shuffle(stream: Iterable[T], buffer_size: int, seed: int | None = None) -> Iterator[T]:
    """Shuffles a stream within a buffer: an event moves forward by less than `buffer_size`.

    Parameters
    ----------
    stream
        What to shuffle; it may be endless.
    buffer_size
        How many events are held back to choose from.
    seed
        Fixes the order.

    Examples
    --------

    >>> from heraclitus import stream
    >>> sorted(stream.shuffle(range(5), buffer_size=3, seed=42))
    [0, 1, 2, 3, 4]
    """
    if buffer_size < 1:
        raise ValueError(f"buffer_size is {buffer_size}, it must be 1 or more")
    rng, events = random.Random(seed), iter(stream)
    held = list(itertools.islice(events, buffer_size))
    for event in events:
        at = rng.randint(0, len(held) - 1)
        yield held[at]
        held[at] = event
    rng.shuffle(held)
    yield from held
