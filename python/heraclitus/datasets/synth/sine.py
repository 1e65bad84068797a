"""Points above or below a curve."""

from __future__ import annotations

import math
import random
import typing

from ._rules import RuleDataset


class Sine(RuleDataset):
    """On which side of a sine curve a point is.

    Parameters
    ----------
    classification_function
        Which rule: 0 and 1 are the two sides of one curve, 2 and 3 those of another.
    seed
        Fixes the numbers.
    balance_classes
        Whether the classes take turns.
    has_noise
        Whether there are two more features that mean nothing.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> [y for _, y in synth.Sine(classification_function=2, seed=42).take(5)]
    [0, 1, 0, 0, 1]
    """

    _RULES = (
        lambda a, b: int(a < math.sin(b)),
        lambda a, b: int(a >= math.sin(b)),
        lambda a, b: int(a < 0.5 + 0.3 * math.sin(3 * math.pi * b)),
        lambda a, b: int(a >= 0.5 + 0.3 * math.sin(3 * math.pi * b)),
    )

    def __init__(
        self,
        classification_function: int = 0,
        seed: int | None = None,
        balance_classes: bool = False,
        has_noise: bool = False,
    ) -> None:
        super().__init__(classification_function, seed, balance_classes, 4 if has_noise else 2)
        self.has_noise = has_noise

    def _draw(self, rng: random.Random) -> dict[typing.Any, typing.Any]:
        return {0: rng.random(), 1: rng.random()}

    def _finish(self, x: dict[typing.Any, typing.Any], rng: random.Random) -> None:
        if self.has_noise:
            x[2], x[3] = rng.random(), rng.random()
