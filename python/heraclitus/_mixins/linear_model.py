"""Additions to the linear models."""

from __future__ import annotations

import typing

from .. import _frames, _kinds

_MUTABLE = {"optimizer", "l2", "l1", "loss", "intercept_lr", "clip_gradient", "initializer"}


def _weights(self: typing.Any) -> typing.Any:
    """The weights as a vector; one that is set takes the place of what was learned."""
    from ..utils import VectorDict

    return VectorDict(self._attribute("weights"))


def _set_weights(self: typing.Any, weights: typing.Any) -> None:
    self._set_attribute("weights", {key: weights[key] for key in weights.keys()})


def _raw_dot_one(self: typing.Any, x: dict[typing.Any, float]) -> float:
    """The weighted sum of a set of features, before it becomes a prediction."""
    weights = self._attribute("weights")
    return sum(weights.get(name, 0.0) * v for name, v in x.items()) + self.intercept


def _eval_gradient_one(
    self: typing.Any, x: dict[typing.Any, float], y: typing.Any, w: float
) -> tuple[typing.Any, float]:
    """The gradient by the weights, and by the weighted sum."""
    from ..utils import VectorDict

    slope = self.loss.gradient(y_true=y, y_pred=_raw_dot_one(self, x)) * w
    slope = float(min(max(slope, -self.clip_gradient), self.clip_gradient))
    gradient = VectorDict.from_scaled(x, slope)
    if self.l2:
        gradient += _weights(self) * self.l2
    return gradient, slope


def _learn_many(self: typing.Any, X: typing.Any, y: typing.Any, w: typing.Any = 1) -> None:
    """Learn from the rows of a frame, one after the other.

    Parameters
    ----------
    X
        A frame, an event a row.
    y
        A target for each row. A name that it has is that of predictions from then on.
    w
        The weight of all rows, or one for each.

    """
    self.__dict__["_y_name"] = getattr(y, "name", None) or None
    if isinstance(w, int | float) and w == 1:
        _frames.learn(self, X, y)
        return
    rows, targets = _frames.rows(X), _frames.as_list(y)
    weights = [w] * len(rows) if isinstance(w, int | float) else _frames.as_list(w)
    for x, target, weight in zip(rows, targets, weights, strict=True):
        self.learn_one(x, target, w=weight)


def _predict_many(self: typing.Any, X: typing.Any) -> typing.Any:
    """Predict for each row of a frame.

    Parameters
    ----------
    X
        A frame, an event a row.

    Returns
    -------
    A column of the frame's library, with the name that the targets had.

    """
    return _frames.named(_frames.predict(self, X), self.__dict__.get("_y_name"))


class LinearRegression:
    _carried = ("weights", "intercept")
    _mutable_attributes = property(lambda self: set(_MUTABLE))
    _weights = property(_weights, _set_weights)
    _y_name = None
    _raw_dot_one = _raw_dot_one
    _eval_gradient_one = _eval_gradient_one
    learn_many = _learn_many
    predict_many = _predict_many


    def debug_one(self: typing.Any, x: dict[typing.Any, float], decimals: int = 5) -> str:
        """How a prediction comes about, as a table.

        Parameters
        ----------
        x
            The features.
        decimals
            How many decimals numbers have.

        """
        from ..utils.pretty import print_table

        weights = self._attribute("weights")
        parts = [(str(f), v, weights.get(f, 0.0)) for f, v in x.items()]
        parts.append(("Intercept", 1, self.intercept))
        order = sorted(range(len(parts)), key=lambda i: parts[i][1] * parts[i][2], reverse=True)
        rows = [
            (name, *(f"{n: ,.{decimals}f}" for n in (value, weight, value * weight)))
            for name, value, weight in parts
        ]
        return print_table(
            headers=["Name", "Value", "Weight", "Contribution"],
            columns=[list(column) for column in zip(*rows)],
            order=order,
        )


class LogisticRegression:
    _carried = ("weights", "intercept")
    _mutable_attributes = property(lambda self: set(_MUTABLE))
    _weights = property(_weights, _set_weights)
    _y_name = None
    _raw_dot_one = _raw_dot_one
    _eval_gradient_one = _eval_gradient_one
    learn_many = _learn_many
    predict_many = _predict_many


class Perceptron:
    _mutable_attributes = property(lambda self: {"l2", "clip_gradient", "initializer"})
    _weights = property(_weights, _set_weights)
    _y_name = None
    learn_many = _learn_many
    predict_many = _predict_many


class BayesianLinearRegression:
    def predict_one(self, x: dict[typing.Any, float], with_dist: bool = False) -> typing.Any:
        """Predict the number of a set of features `x`.

        Parameters
        ----------
        x
            The features.
        with_dist
            Whether to give the belief about the number, a `proba.Gaussian`, in its place.

        """
        predicted = _kinds.Regressor.predict_one(self, x)
        if not with_dist:
            return predicted
        from ..proba import Gaussian

        variance = 1 / self.beta + _variance(self, x)
        return Gaussian._from_state(n=1, m=predicted, var=variance, ddof=0)


def _variance(model: typing.Any, x: dict[typing.Any, float]) -> float:
    """What a set of features adds to the variance of a prediction."""
    import numpy as np

    matrix = model._attribute("precision" if model.smoothing else "covariance")
    names = list(matrix)
    new = sum(float(v) ** 2 for name, v in x.items() if name not in matrix) / model.alpha
    if not names:
        return new
    table = np.array([[matrix[a][b] for b in names] for a in names])
    values = np.array([float(x.get(name, 0.0)) for name in names])
    spread = np.linalg.solve(table, values) if model.smoothing else table @ values
    return float(values @ spread) + new
