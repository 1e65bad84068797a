"""Losses and their gradients."""

from __future__ import annotations

import typing

from . import base
from .base import Loss

__all__ = [
    "Absolute",
    "BinaryFocalLoss",
    "BinaryLoss",
    "Cauchy",
    "CrossEntropy",
    "EpsilonInsensitiveHinge",
    "Hinge",
    "Huber",
    "Log",
    "MultiClassLoss",
    "Poisson",
    "Quantile",
    "RegressionLoss",
    "Squared",
]


class BinaryLoss(Loss):
    """A loss of a logit."""


class RegressionLoss(Loss):
    """A loss of a number."""


class MultiClassLoss(Loss):
    """A loss of probabilities by class."""


class Absolute(base.NativeLoss, RegressionLoss):
    """`|y - p|`."""

    _whole = True


class BinaryFocalLoss(base.NativeLoss, BinaryLoss):
    """Focal loss: events that are right already count less.

    Parameters
    ----------
    gamma
        How fast the loss falls for events that are right.
    beta
        Shift of the logit.

    """

    def __init__(self, gamma: float = 2, beta: float = 1) -> None:
        self.gamma = gamma
        self.beta = beta


class Cauchy(base.NativeLoss, RegressionLoss):
    """A loss whose gradient fades for errors beyond `C`.

    Parameters
    ----------
    C
        Where it begins to fade.

    """

    def __init__(self, C: float = 80) -> None:
        self.C = C


class CrossEntropy(MultiClassLoss):
    """`-ln p` of the true class.

    Parameters
    ----------
    class_weight
        A weight per class; not supported by models here, where it must be left out.

    """

    def __init__(self, class_weight: dict[typing.Any, float] | None = None) -> None:
        self.class_weight = {} if class_weight is None else class_weight

    def _own_params(self) -> dict[str, typing.Any]:
        if self.class_weight:
            raise TypeError(
                f"class_weight is {self.class_weight!r}: CrossEntropy weighs all classes alike here"
            )
        return {}

    def __call__(self, y_true: typing.Any, y_pred: dict[typing.Any, float]) -> float:
        import math

        p = min(max(y_pred.get(y_true, 0.0), 1e-15), 1 - 1e-15)
        return -self.class_weight.get(y_true, 1.0) * math.log(p)

    def gradient(
        self, y_true: typing.Any, y_pred: dict[typing.Any, float]
    ) -> dict[typing.Any, float]:
        weight = self.class_weight.get(y_true, 1.0)
        classes = {*y_pred, y_true}
        return {c: weight * (y_pred.get(c, 0.0) - (c == y_true)) for c in classes}

    def mean_func(self, y_pred: dict[typing.Any, float]) -> dict[typing.Any, float]:
        import math

        top = max(y_pred.values(), default=0.0)
        raised = {c: math.exp(p - top) for c, p in y_pred.items()}
        total = sum(raised.values())
        return {c: p / total for c, p in raised.items()}


class EpsilonInsensitiveHinge(base.NativeLoss, RegressionLoss):
    """`max(|2y - 1 - p| - eps, 0)`: River's, which maps its target as if it were binary.

    Parameters
    ----------
    eps
        The error from which on something is lost.

    """

    def __init__(self, eps: float = 0.1) -> None:
        self.eps = eps


class Hinge(base.NativeLoss, BinaryLoss):
    """Hinge loss: 1 as threshold gives the support vector machine's, 0 the perceptron's.

    Parameters
    ----------
    threshold
        The margin from which on nothing is lost.

    """

    def __init__(self, threshold: float = 1.0) -> None:
        self.threshold = threshold

    def gradient(self, y_true: typing.Any, y_pred: typing.Any) -> typing.Any:
        """The derivative of the loss by `y_pred`: -1, 0 or 1."""
        slope = super().gradient(y_true, y_pred)
        return int(slope) if isinstance(y_true, int) and isinstance(slope, float) else slope


class Huber(base.NativeLoss, RegressionLoss):
    """Squared up to `epsilon`, absolute beyond.

    Parameters
    ----------
    epsilon
        The error at which it changes.

    """

    def __init__(self, epsilon: float = 0.1) -> None:
        self.epsilon = epsilon


class Log(base.NativeLoss, BinaryLoss):
    """Logarithmic loss of a logit.

    Parameters
    ----------
    weight_pos
        Weight of positive events.
    weight_neg
        Weight of negative events.

    """

    def __init__(self, weight_pos: float = 1.0, weight_neg: float = 1.0) -> None:
        self.weight_pos = weight_pos
        self.weight_neg = weight_neg


class Poisson(base.NativeLoss, RegressionLoss):
    """`exp(p) - y * p`, for counts."""


class Quantile(base.NativeLoss, RegressionLoss):
    """`|y - p|`, times `alpha` above and `1 - alpha` below.

    Parameters
    ----------
    alpha
        The quantile to predict, 0 to 1.

    """

    def __init__(self, alpha: float = 0.5) -> None:
        self.alpha = alpha


class Squared(base.NativeLoss, RegressionLoss):
    """`(y - p) ** 2`."""

    _whole = True
