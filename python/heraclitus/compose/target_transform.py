"""A regressor that learns a function of its target."""

from __future__ import annotations

import collections.abc
import typing

from heraclitus.base.regressor import Regressor
from heraclitus.base.wrapper import Wrapper

__all__ = ["TargetTransformRegressor"]


class TargetTransformRegressor(Wrapper, Regressor):
    """Changes the target before it is learned, and predictions back.

    Nothing checks that the two functions undo one another.

    Parameters
    ----------
    regressor
        The model that learns.
    func
        Makes of a target what the model learns.
    inverse_func
        Makes of what the model predicts a target.

    Examples
    --------

    >>> import math
    >>> from heraclitus import base, compose
    >>> class Last(base.Regressor):
    ...     def learn_one(self, x, y):
    ...         self.y = y
    ...     def predict_one(self, x):
    ...         return self.y
    >>> model = compose.TargetTransformRegressor(Last(), math.log, math.exp)
    >>> model.learn_one({}, 1)
    >>> model.regressor.y, model.predict_one({})
    (0.0, 1.0)
    """

    def __init__(
        self,
        regressor: Regressor,
        func: collections.abc.Callable[[float], float],
        inverse_func: collections.abc.Callable[[float], float],
    ) -> None:
        self.regressor = regressor
        self.func = func
        self.inverse_func = inverse_func

    @property
    def _wrapped_model(self) -> Regressor:
        return self.regressor

    def _update(self, y: float) -> None:
        """Sees each target before it is changed; for classes whose functions learn."""

    def learn_one(self, x: dict, y: float) -> None:
        self._update(y)
        self.regressor.learn_one(x, self.func(y))

    def predict_one(self, x: dict) -> typing.Any:
        return self.inverse_func(self.regressor.predict_one(x))
