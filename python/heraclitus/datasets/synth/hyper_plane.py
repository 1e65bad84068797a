"""Points on either side of a plane that may turn."""

from __future__ import annotations

import random
import typing
from collections.abc import Iterator

from .. import base


class Hyperplane(base.SyntheticDataset):
    """On which side of a plane a point is. The plane may turn a little after each event.

    Parameters
    ----------
    seed
        Fixes the numbers.
    n_features
        How many dimensions there are.
    n_drift_features
        How many of the plane's weights change.
    mag_change
        By how much, after each event.
    noise_percentage
        The share of labels that are turned round.
    sigma
        How likely it is that a weight changes its direction.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> [y for _, y in synth.Hyperplane(seed=42, n_features=2).take(5)]
    [0, 1, 0, 0, 0]
    """

    def __init__(
        self,
        seed: int | None = None,
        n_features: int = 10,
        n_drift_features: int = 2,
        mag_change: float = 0.0,
        noise_percentage: float = 0.05,
        sigma: float = 0.1,
    ) -> None:
        super().__init__(n_features=n_features, n_classes=2, n_outputs=1, task=base.BINARY_CLF)
        for name, value in (
            ("mag_change", mag_change),
            ("sigma", sigma),
            ("noise_percentage", noise_percentage),
        ):
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is {value}, it must be between 0 and 1")
        self.seed = seed
        self.n_drift_features = n_drift_features
        self.mag_change = mag_change
        self.noise_percentage = noise_percentage
        self.sigma = sigma
        self.target_values = [0, 1]

    def __iter__(self) -> Iterator[typing.Any]:
        rng = random.Random(self.seed)
        weights = [rng.random() for _ in range(self.n_features)]
        directions = [1] * self.n_drift_features
        while True:
            half, total = sum(weights) * 0.5, 0.0
            x = {}
            for i, weight in enumerate(weights):
                x[i] = rng.random()
                total += weight * x[i]
            y = int(total >= half)
            if 0.01 + rng.random() <= self.noise_percentage:
                y = 1 - y
            for i in range(self.n_drift_features):
                weights[i] += directions[i] * self.mag_change
                if 0.01 + rng.random() <= self.sigma:
                    directions[i] *= -1
            yield x, y
