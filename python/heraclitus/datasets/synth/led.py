"""Digits on a display of seven segments."""

from __future__ import annotations

import random
import typing
from collections.abc import Iterator

from .. import base

# Top, upper left, upper right, middle, lower left, lower right, bottom.
_DIGITS = (
    "1110111",
    "0010010",
    "1011101",
    "1011011",
    "0111010",
    "1101011",
    "1101111",
    "1010010",
    "1111111",
    "1111011",
)


class LED(base.SyntheticDataset):
    """Which digit is shown by seven segments, some of which may fail.

    Parameters
    ----------
    seed
        Fixes the numbers.
    noise_percentage
        How likely it is that a segment shows the wrong thing.
    irrelevant_features
        Whether there are 17 more features that mean nothing.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> for x, y in synth.LED(seed=112).take(2):
    ...     print(list(x.values()), y)
    [1, 0, 1, 0, 0, 1, 0] 7
    [1, 1, 1, 1, 1, 1, 1] 8
    """

    def __init__(
        self,
        seed: int | None = None,
        noise_percentage: float = 0.0,
        irrelevant_features: bool = False,
    ) -> None:
        n_features = 24 if irrelevant_features else 7
        super().__init__(task=base.MULTI_CLF, n_features=n_features, n_classes=10, n_outputs=1)
        if not 0.0 <= noise_percentage <= 1.0:
            raise ValueError(f"noise_percentage is {noise_percentage}, it must be between 0 and 1")
        self.seed = seed
        self.noise_percentage = noise_percentage
        self.irrelevant_features = irrelevant_features
        self.n_cat_features = n_features
        self.target_values = list(range(10))

    def __iter__(self) -> Iterator[typing.Any]:
        rng = random.Random(self.seed)
        while True:
            y = rng.randint(0, 9)
            x = {}
            for i, lit in enumerate(_DIGITS[y]):
                fails = 0.01 + rng.random() <= self.noise_percentage
                x[i] = int(lit) ^ fails
            x |= {i: rng.choice([0, 1]) for i in range(7, self.n_features)}
            yield x, y
