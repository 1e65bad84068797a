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


#: A dict, a `utils.VectorDict` or an array.
Weights = typing.Any


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

    def look_ahead(self, w: Weights) -> Weights:
        """Change weights, in place, before a prediction is made with them.

        Parameters
        ----------
        w
            Weights by feature.

        Returns
        -------
        The weights.

        """
        _put(w, self._move(_numbers(w)))  # type: ignore[attr-defined]
        return w

    def step(self, w: Weights, g: Weights) -> Weights:
        """Move weights, in place, against their gradients.

        Parameters
        ----------
        w
            Weights by feature, or an array of them.
        g
            A gradient for each weight that moves.

        Returns
        -------
        The weights.

        Examples
        --------

        >>> from heraclitus import optim
        >>> optim.SGD(0.1).step({"a": 1.0, "b": 1.0}, {"a": 5.0})
        {'a': 0.5, 'b': 1.0}

        """
        if hasattr(w, "dtype"):
            return self._step_with_vector(w, g)
        return self._step_with_dict(w, g)

    def _step_with_dict(self, w: Weights, g: Weights) -> Weights:
        gradients = _numbers(g)
        weights = {key: w[key] for key in gradients}
        _put(w, self._move(weights, gradients))  # type: ignore[attr-defined]
        return w

    def _step_with_vector(self, w: Weights, g: Weights) -> Weights:
        if not hasattr(w, "dtype"):
            return self._step_with_dict(w, g)
        flat = w.reshape(-1)
        moved = self._move(  # type: ignore[attr-defined]
            dict(enumerate(flat.tolist())), dict(enumerate(g.reshape(-1).tolist()))
        )
        flat[:] = [moved[i] for i in range(len(flat))]
        w[...] = flat.reshape(w.shape)
        return w


def _numbers(values: Weights) -> dict[typing.Any, float]:
    return {key: float(values[key]) for key in values.keys()}


def _put(w: Weights, moved: dict[typing.Any, float]) -> None:
    for key, value in moved.items():
        w[key] = value


class Named(base.Base):
    """A choice that a spec names: its parameters are its attributes."""

    def __setattr__(self, name: str, value: typing.Any) -> None:
        if name != "_core":
            self.__dict__.pop("_core", None)  # it has the parameters of before
        object.__setattr__(self, name, value)

    def _to_spec(self) -> dict[str, typing.Any]:
        params = {k: to_spec(v, k) for k, v in self._own_params().items()}
        return {type(self).__name__: {k: v for k, v in params.items() if v is not None}}

    def _own_params(self) -> dict[str, typing.Any]:
        return dict(self.__dict__)

    def __getstate__(self) -> dict[str, typing.Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_core"}


class Loss(Named, abc.ABC):
    """A loss of a raw prediction, and its gradient."""

    @abc.abstractmethod
    def __call__(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The loss of `y_pred`: a number, or an array of them."""

    @abc.abstractmethod
    def gradient(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The derivative of the loss by `y_pred`."""

    @abc.abstractmethod
    def mean_func(self, y_pred: typing.Any) -> typing.Any:
        """What a raw prediction means: a probability for binary losses."""


class NativeLoss(Named):
    """The methods of a loss that the native core knows."""

    #: Whether it makes an `int` of two.
    _whole: typing.ClassVar[bool] = False

    def _own_params(self) -> dict[str, typing.Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_core"}

    @functools.cached_property
    def _core(self) -> _native.Loss:
        return _native.Loss(json.dumps(self._to_spec()))

    def __call__(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The loss of `y_pred`: a number, or an array of them."""
        return _each(self._core.value, y_true, y_pred, self._whole)

    def gradient(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The derivative of the loss by `y_pred`."""
        return _each(self._core.gradient, y_true, y_pred, self._whole)

    def mean_func(self, y_pred: typing.Any) -> typing.Any:
        """What a raw prediction means: a probability for binary losses."""
        if hasattr(y_pred, "__len__"):
            import numpy as np

            return np.array([self._core.mean(float(p)) for p in y_pred])
        return self._core.mean(y_pred)


def _each(
    of: collections.abc.Callable[[float, float], float],
    y_true: typing.Any,
    y_pred: typing.Any,
    whole: bool,
) -> typing.Any:
    """`of` for two numbers, or for two arrays value by value."""
    if not hasattr(y_true, "__len__") and not hasattr(y_pred, "__len__"):
        value = of(float(y_true), float(y_pred))
        both = isinstance(y_true, int) and isinstance(y_pred, int)
        return int(value) if whole and both else value
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
