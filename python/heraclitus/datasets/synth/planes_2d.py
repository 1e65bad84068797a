"""Two planes, and a feature that says which one counts."""

from __future__ import annotations

import random
import typing
from collections.abc import Iterator

from .. import base


class Planes2D(base.SyntheticDataset):
    """A sum of three features, which are others depending on the first one; normal noise is added.

    Parameters
    ----------
    seed
        Fixes the numbers.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> [round(y, 2) for _, y in synth.Planes2D(seed=42).take(2)]
    [-9.07, -4.25]
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(task=base.REG, n_features=10)
        self.seed = seed

    def __iter__(self) -> Iterator[typing.Any]:
        rng = random.Random(self.seed)
        while True:
            x = {1: rng.choice([-1, 1])}
            x |= {name: rng.randint(-1, 1) for name in range(2, 11)}
            first = 2 if x[1] == 1 else 5
            y = 3 * x[1] + 3 * x[first] + 2 * x[first + 1] + x[first + 2]
            yield x, y + rng.gauss(0, 1)
