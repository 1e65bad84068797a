"""Friedman's function of five numbers out of ten, still or drifting."""

from __future__ import annotations

import math
import random
import typing
from collections.abc import Iterator

from .. import base

X = dict[int, float]


def _curve(x: X, a: int, b: int, c: int, d: int, e: int) -> float:
    """Friedman's function of the features at five places."""
    return 10 * math.sin(math.pi * x[a] * x[b]) + 20 * (x[c] - 0.5) ** 2 + 10 * x[d] + 5 * x[e]


class Friedman(base.SyntheticDataset):
    """Ten numbers between 0 and 1, five of which make up the target; normal noise is added.

    Parameters
    ----------
    seed
        Fixes the numbers.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> [round(y, 2) for _, y in synth.Friedman(seed=42).take(3)]
    [7.66, 8.33, 7.04]
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(task=base.REG, n_features=10)
        self.seed = seed

    def _target(self, x: X, i: int, coin: random.Random) -> float:
        """The target of event number `i`, before noise."""
        return _curve(x, 0, 1, 2, 3, 4)

    def __iter__(self) -> Iterator[typing.Any]:
        rng, coin = random.Random(self.seed), random.Random(self.seed)
        i = 0
        while True:
            x = {name: rng.uniform(0, 1) for name in range(10)}
            yield x, self._target(x, i, coin) + rng.gauss(0, 1)
            i += 1


class FriedmanDrift(Friedman):
    """Friedman's function that changes on the way.

    Parameters
    ----------
    drift_type
        `lea`: other functions in two regions, which grow at three positions. `gra`: another
        function between two positions. `gsg`: a new function from each of two positions on, and
        for a while old and new at random.
    position
        The numbers of the events at which it changes: three for `lea`, two otherwise.
    transition_window
        For how many events `gsg` is undecided.
    seed
        Fixes the numbers.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> stream = synth.FriedmanDrift(drift_type="gra", position=(1, 2), seed=42)
    >>> [round(y, 2) for _, y in stream.take(3)]
    [7.66, 14.95, 7.04]
    """

    def __init__(
        self,
        drift_type: str = "lea",
        position: tuple[int, ...] = (50_000, 100_000, 150_000),
        transition_window: int = 10_000,
        seed: int | None = None,
    ) -> None:
        super().__init__(seed=seed)
        makers = {
            "lea": self._local_expanding_abrupt,
            "gra": self._global_recurring_abrupt,
            "gsg": self._global_slow_gradual,
        }
        if drift_type not in makers:
            raise ValueError(f"drift_type is {drift_type!r}, it must be one of {list(makers)}")
        wanted = 3 if drift_type == "lea" else 2
        if len(position) != wanted:
            raise ValueError(f"drift_type {drift_type!r} needs {wanted} positions: {position}")
        if any(a >= b for a, b in zip(position, position[1:])):
            raise ValueError(f"position must rise, but is {position}")
        if drift_type == "gsg" and transition_window > position[1] - position[0]:
            raise ValueError(f"transition_window {transition_window} reaches the next position")
        self.drift_type = drift_type
        self.position = position
        self.transition_window = transition_window
        self._make = makers[drift_type]

    def _target(self, x: X, i: int, coin: random.Random) -> float:
        return self._make(x, i, coin)

    def _local_expanding_abrupt(self, x: X, i: int, coin: random.Random) -> float:
        reached = sum(i >= position for position in self.position)
        # Each position takes a condition away, so that the regions grow.
        sides = (x[1] < 0.3, x[2] < 0.3, x[3] > 0.7, x[4] < 0.3)
        if reached and all(sides[: 5 - reached]):
            return 10 * x[0] * x[1] + 20 * (x[2] - 0.5) + 10 * x[3] + 5 * x[4]
        sides = (x[1] > 0.7, x[2] > 0.7, x[3] < 0.3, x[4] > 0.7)
        if reached and all(sides[: 5 - reached]):
            wave = 10 * math.cos(x[0] * x[1])
            return wave + 20 * (x[2] - 0.5) + math.exp(x[3]) + 5 * x[4] ** 2
        return _curve(x, 0, 1, 2, 3, 4)

    def _global_recurring_abrupt(self, x: X, i: int, coin: random.Random) -> float:
        first, second = self.position
        return _curve(x, 3, 5, 1, 0, 2) if first <= i < second else _curve(x, 0, 1, 2, 3, 4)

    def _global_slow_gradual(self, x: X, i: int, coin: random.Random) -> float:
        curves = ((0, 1, 2, 3, 4), (3, 4, 1, 0, 2), (1, 4, 3, 2, 0))
        reached = sum(i >= position for position in self.position)
        if reached and i < self.position[reached - 1] + self.transition_window:
            reached -= coin.getrandbits(1)
        return _curve(x, *curves[reached])
