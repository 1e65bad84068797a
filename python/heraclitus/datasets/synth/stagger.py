"""Things of a size, a colour and a shape."""

from __future__ import annotations

import random
import typing

from ._rules import RuleDataset


class STAGGER(RuleDataset):
    """Whether a thing's size, colour and shape, each 0, 1 or 2, are those that a rule asks for.

    Parameters
    ----------
    classification_function
        Which rule: small and red; green or round; medium or large.
    seed
        Fixes the numbers.
    balance_classes
        Whether the classes take turns.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> for x, y in synth.STAGGER(classification_function=2, seed=112).take(2):
    ...     print(x, y)
    {'size': 1, 'color': 2, 'shape': 2} 1
    {'size': 2, 'color': 1, 'shape': 2} 1
    """

    _RULES = (
        lambda size, color, shape: int(size == 0 and color == 0),
        lambda size, color, shape: int(color == 2 or shape == 0),
        lambda size, color, shape: int(size == 1 or size == 2),
    )

    feature_names: typing.ClassVar = ["size", "color", "shape"]
    size_labels: typing.ClassVar = {0: "small", 1: "medium", 2: "large"}
    color_labels: typing.ClassVar = {0: "red", 1: "blue", 2: "green"}
    shape_labels: typing.ClassVar = {0: "circle", 1: "square", 2: "triangle"}
    n_cat_features = 3

    def __init__(
        self,
        classification_function: int = 0,
        seed: int | None = None,
        balance_classes: bool = False,
    ) -> None:
        super().__init__(classification_function, seed, balance_classes, n_features=3)

    def _draw(self, rng: random.Random) -> dict[typing.Any, typing.Any]:
        return {name: rng.randint(0, 2) for name in self.feature_names}
