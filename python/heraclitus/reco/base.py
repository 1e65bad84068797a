"""The interface of models that rank items for users."""

from __future__ import annotations

import abc
import random
import typing

from .. import base

__all__ = ["Ranker"]

Reward = float | bool


class Ranker(base.Estimator):
    """A model of how much a user likes an item.

    Parameters
    ----------
    seed
        Fixes what the model draws.

    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
        self._rng = random.Random(seed)

    @property
    def is_contextual(self) -> bool:
        """Whether the model looks at features beside user and item."""
        return False

    @abc.abstractmethod
    def learn_one(
        self,
        user: typing.Hashable,
        item: typing.Hashable,
        y: Reward,
        x: dict[typing.Any, typing.Any] | None = None,
    ) -> None:
        """Learn how much a user liked an item.

        Parameters
        ----------
        user
            The user.
        item
            The item.
        y
            How much.
        x
            Features of the occasion.

        """

    @abc.abstractmethod
    def predict_one(
        self,
        user: typing.Hashable,
        item: typing.Hashable,
        x: dict[typing.Any, typing.Any] | None = None,
    ) -> Reward:
        """Predict how much a user will like an item.

        Parameters
        ----------
        user
            The user.
        item
            The item.
        x
            Features of the occasion.

        """

    def rank(
        self,
        user: typing.Hashable,
        items: set[typing.Hashable],
        x: dict[typing.Any, typing.Any] | None = None,
    ) -> list[typing.Hashable]:
        """Items, the best for a user first.

        Parameters
        ----------
        user
            The user.
        items
            The items.
        x
            Features of the occasion.

        """
        return sorted(items, key=lambda item: self.predict_one(user, item, x), reverse=True)

    def _unit_test_skips(self) -> set[str]:
        return {"check_emerging_features", "check_disappearing_features"}
