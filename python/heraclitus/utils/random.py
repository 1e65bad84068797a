"""Random numbers that `random` has no function for."""

from __future__ import annotations

import math
import random
import typing

__all__ = ["exponential", "poisson"]


def poisson(rate: float, rng: typing.Any = random) -> int:
    """A number of events, when `rate` of them are expected.

    Knuth's way: as many draws as there are events, and one more.

    Parameters
    ----------
    rate
        The mean.
    rng
        What draws: a `random.Random`, or anything else with its `random`.

    Examples
    --------

    >>> import random
    >>> from heraclitus.utils.random import poisson
    >>> rng = random.Random(1)
    >>> [poisson(2, rng) for _ in range(5)]
    [0, 3, 3, 0, 3]
    """
    floor = math.exp(-rate)
    events, product = -1, 1.0
    while product > floor:
        product *= rng.random()
        events += 1
    return events


def exponential(rate: float = 1.0, rng: typing.Any = random) -> float:
    """A waiting time whose mean is `rate`.

    Parameters
    ----------
    rate
        The mean. The name is River's.
    rng
        What draws: a `random.Random`, or anything else with its `random`.

    Examples
    --------

    >>> import random
    >>> from heraclitus.utils.random import exponential
    >>> round(exponential(3, random.Random(1)), 4)
    0.4329
    """
    return -math.log(1 - rng.random()) / (1.0 / rate)
