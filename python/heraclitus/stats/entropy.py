"""Entropy."""

from __future__ import annotations

import collections
import math
import typing

from . import base


class Entropy(base.Univariate):
    """The running entropy of a series of values of any kind, in nats.

    Parameters
    ----------
    fading_factor
        How much of the entropy so far is kept at each value, above 0 and at most 1.
    eps
        A small number that keeps logarithms from 0.

    Attributes
    ----------
    entropy
        The entropy so far.
    n
        How many values there were.
    counter
        How often each was there.

    Examples
    --------

    >>> from heraclitus import stats
    >>> entropy = stats.Entropy()
    >>> for animal in ["cat", "dog", "cat", "bird"]:
    ...     entropy.update(animal)
    >>> entropy
    Entropy: 1.039721

    """

    def __init__(self, fading_factor: float = 1, eps: float = 1e-8) -> None:
        if not 0 < fading_factor <= 1:
            raise ValueError(f"fading_factor must lie above 0 and up to 1, got {fading_factor}")
        self.fading_factor = fading_factor
        self.eps = eps
        self.entropy = 0.0
        self.n = 0
        self.counter: collections.Counter[typing.Hashable] = collections.Counter()

    def update(self, x: typing.Hashable) -> None:
        """Take the next value of the series."""
        count, total = self.counter[x], self.n + 1
        before = (self.n + self.eps) / total
        with_it, without_it = (count + 1) / total, (count + self.eps) / total
        entropy = before * (self.fading_factor * self.entropy - math.log(before))
        entropy -= with_it * math.log(with_it)
        entropy += without_it * math.log(without_it)
        self.entropy = entropy
        self.n = total
        self.counter[x] = count + 1

    def get(self) -> float:
        """The entropy so far."""
        return self.entropy
