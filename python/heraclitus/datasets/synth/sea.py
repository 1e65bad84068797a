"""SEA: two of three numbers, and a threshold."""

from __future__ import annotations

import random
import typing
from collections.abc import Iterator

from .. import base

_THRESHOLDS = (8, 9, 7, 9.5)


class SEA(base.SyntheticDataset):
    """Whether the sum of the first two of three numbers is above a threshold.

    Parameters
    ----------
    variant
        Which threshold: 8, 9, 7 or 9.5.
    noise
        The share of labels that are turned round.
    seed
        Fixes the numbers.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> for x, y in synth.SEA(variant=0, seed=42).take(2):
    ...     print({name: round(value, 2) for name, value in x.items()}, y)
    {0: 6.39, 1: 0.25, 2: 2.75} False
    {0: 2.23, 1: 7.36, 2: 6.77} True
    """

    def __init__(self, variant: int = 0, noise: float = 0.0, seed: int | None = None) -> None:
        super().__init__(n_features=3, task=base.BINARY_CLF)
        if variant not in range(len(_THRESHOLDS)):
            raise ValueError(f"variant is {variant}, it must be 0, 1, 2 or 3")
        self.variant = variant
        self.noise = noise
        self.seed = seed
        self._threshold = _THRESHOLDS[variant]

    def __iter__(self) -> Iterator[typing.Any]:
        rng = random.Random(self.seed)
        while True:
            x = {i: rng.uniform(0, 10) for i in range(3)}
            y = x[0] + x[1] > self._threshold
            if self.noise and rng.random() < self.noise:
                y = not y
            yield x, y

    @property
    def _repr_content(self) -> dict[str, str]:
        return {**super()._repr_content, "Variant": str(self.variant)}
