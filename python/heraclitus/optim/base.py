"""Interfaces of what moves weights: optimizers, losses, schedulers, initializers."""

from __future__ import annotations

import abc
import collections.abc
import functools
import json
import typing

from .. import _native, base
from .._spec import to_spec

__all__ = ["Initializer", "Loss", "Optimizer", "Scheduler"]


class Optimizer(base.Base):
    """Turns gradients into steps."""

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"lr"}

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.lr.get(self.n_iterations)  # type: ignore[attr-defined]

    @property
    def n_iterations(self) -> int:
        """Steps made so far."""
        return self._attribute("n_iterations")  # type: ignore[attr-defined]


class Named(base.Base):
    """A choice that a spec names: its parameters are its attributes."""

    def _to_spec(self) -> dict[str, typing.Any]:
        params = {k: to_spec(v, k) for k, v in self._own_params().items()}
        return {type(self).__name__: {k: v for k, v in params.items() if v is not None}}

    def _own_params(self) -> dict[str, typing.Any]:
        return dict(self.__dict__)

    def __getstate__(self) -> dict[str, typing.Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_core"}


class Loss(Named, abc.ABC):
    """A loss of a raw prediction, and its gradient."""

    def _own_params(self) -> dict[str, typing.Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_core"}

    @functools.cached_property
    def _core(self) -> _native.Loss:
        return _native.Loss(json.dumps(self._to_spec()))

    def __call__(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The loss of `y_pred`: a number, or an array of them."""
        return _each(self._core.value, y_true, y_pred)

    def gradient(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The derivative of the loss by `y_pred`."""
        return _each(self._core.gradient, y_true, y_pred)

    def mean_func(self, y_pred: typing.Any) -> typing.Any:
        """What a raw prediction means: a probability for binary losses."""
        if hasattr(y_pred, "__len__"):
            import numpy as np

            return np.array([self._core.mean(float(p)) for p in y_pred])
        return self._core.mean(y_pred)


def _each(
    of: collections.abc.Callable[[float, float], float], y_true: typing.Any, y_pred: typing.Any
) -> typing.Any:
    """`of` for two numbers, or for two arrays value by value."""
    if not hasattr(y_true, "__len__") and not hasattr(y_pred, "__len__"):
        return of(float(y_true), float(y_pred))
    import numpy as np

    pairs = np.broadcast(np.asarray(y_true), np.asarray(y_pred))
    return np.array([of(float(t), float(p)) for t, p in pairs]).reshape(pairs.shape)


class Scheduler(Named, abc.ABC):
    """A learning rate that changes with the number of steps."""

    def _own_params(self) -> dict[str, typing.Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_core"}

    @functools.cached_property
    def _core(self) -> _native.Rate:
        return _native.Rate(json.dumps(self._to_spec()))

    def get(self, t: int) -> float:
        """The rate of step `t`, counted from 0."""
        return self._core.get(t)


class Initializer(Named, abc.ABC):
    """First values of weights."""

    @abc.abstractmethod
    def __call__(self, shape: int = 1) -> typing.Any:
        """`shape` values: one as a number, more as an array."""
