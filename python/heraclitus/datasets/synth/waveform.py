"""Mixtures of two out of three waves."""

from __future__ import annotations

import random
import typing
from collections.abc import Iterator

from .. import base

_LENGTH = 21


def _wave(peak: int) -> list[int]:
    """A triangle of height 6."""
    return [max(6 - abs(i - peak), 0) for i in range(_LENGTH)]


_WAVES = (_wave(6), _wave(14), _wave(10))


class Waveform(base.SyntheticDataset):
    """Which two of three triangular waves were mixed, with normal noise on top.

    Parameters
    ----------
    seed
        Fixes the numbers.
    has_noise
        Whether there are 19 more features that mean nothing.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> [y for _, y in synth.Waveform(seed=42).take(5)]
    [2, 0, 0, 1, 0]
    """

    def __init__(self, seed: int | None = None, has_noise: bool = False) -> None:
        n_features = 40 if has_noise else _LENGTH
        super().__init__(task=base.MULTI_CLF, n_features=n_features, n_classes=3, n_outputs=1)
        self.seed = seed
        self.has_noise = has_noise
        self.n_num_features = _LENGTH
        self.target_values = [0, 1, 2]

    def __iter__(self) -> Iterator[typing.Any]:
        rng = random.Random(self.seed)
        while True:
            y = rng.randint(0, 2)
            first, second = _WAVES[1 if y == 2 else 0], _WAVES[1 if y == 0 else 2]
            share = rng.random()
            mixed = (share * a + (1.0 - share) * b for a, b in zip(first, second))
            x = {i: height + rng.gauss(0, 1) for i, height in enumerate(mixed)}
            x |= {i: rng.gauss(0, 1) for i in range(_LENGTH, self.n_features)}
            yield x, y
