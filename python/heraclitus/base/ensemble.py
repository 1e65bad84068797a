"""Models that are made of several."""

from __future__ import annotations

import collections
import collections.abc
import random
import typing

from .estimator import Estimator
from .wrapper import Wrapper

T = typing.TypeVar("T", bound=Estimator)


class Ensemble(collections.UserList[T]):
    """A model that is a list of models.

    Parameters
    ----------
    models
        The members.
    """

    def __init__(self, models: collections.abc.Iterable[T]) -> None:
        super().__init__(models)
        if len(self) < self._min_number_of_models:
            raise ValueError(
                f"At least {self._min_number_of_models} models are expected, "
                f"only {len(self)} were passed"
            )

    @property
    def _min_number_of_models(self) -> int:
        return 2

    @property
    def models(self) -> list[T]:
        """The members."""
        return self.data


class WrapperEnsemble(Ensemble[T], Wrapper[T]):
    """An ensemble of clones of one model.

    Parameters
    ----------
    model
        The model that is cloned.
    n_models
        How many clones there are.
    seed
        Fixes the draws.
    """

    def __init__(self, model: T, n_models: int, seed: int | None) -> None:
        super().__init__(model.clone() for _ in range(n_models))
        self.model = model
        self.n_models = n_models
        self.seed = seed
        self._rng = random.Random(seed)

    @property
    def _wrapped_model(self) -> T:
        return self.model
