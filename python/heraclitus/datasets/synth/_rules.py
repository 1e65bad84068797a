"""Streams whose classes follow from one of several rules."""

from __future__ import annotations

import abc
import random
import typing
from collections.abc import Callable, Iterator

from .. import base


class RuleDataset(base.SyntheticDataset):
    """Draws features and lets a rule say which of two classes they are."""

    _RULES: typing.ClassVar[tuple[Callable[..., int], ...]]

    def __init__(
        self, classification_function: int, seed: int | None, balance_classes: bool, n_features: int
    ) -> None:
        super().__init__(n_features=n_features, n_classes=2, n_outputs=1, task=base.BINARY_CLF)
        rules = range(len(self._RULES))
        if classification_function not in rules:
            raise ValueError(
                f"Invalid classification_function {classification_function}. "
                f"Valid values are: {', '.join(map(str, rules))}."
            )
        self.classification_function = classification_function
        self.seed = seed
        self.balance_classes = balance_classes
        self.target_values = [0, 1]
        self._rng: random.Random | None = None
        self.next_class_should_be_zero = False

    @abc.abstractmethod
    def _draw(self, rng: random.Random) -> dict[typing.Any, typing.Any]:
        """The features that the rule looks at, in the order of its arguments."""

    def _finish(self, x: dict[typing.Any, typing.Any], rng: random.Random) -> None:
        """What is done to an event once its class is known."""

    def __iter__(self) -> Iterator[typing.Any]:
        rng = self._rng = random.Random(self.seed)
        self.next_class_should_be_zero = False
        while True:
            x = self._draw(rng)
            y = self._RULES[self.classification_function](*x.values())
            if self.balance_classes:
                # The classes take turns; an event of the wrong one is thrown away.
                if (y == 0) != self.next_class_should_be_zero:
                    continue
                self.next_class_should_be_zero = not self.next_class_should_be_zero
            self._finish(x, rng)
            yield x, y

    def generate_drift(self) -> None:
        """Goes over to another rule, in the middle of a stream."""
        if self._rng is None:
            raise RuntimeError("the rule can only change after the stream has begun")
        current = self.classification_function
        while self.classification_function == current:
            self.classification_function = self._rng.randint(0, len(self._RULES) - 1)
