"""River's `linear_model`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "ALMAClassifier",
    "BayesianLinearRegression",
    "BayesianLogisticRegression",
    "LinearRegression",
    "LogisticRegression",
    "PAClassifier",
    "PARegressor",
    "Perceptron",
    "SoftmaxRegression",
]


@mixed
class LinearRegression(_kinds.Regressor, base.MiniBatchRegressor):
    """A number from a weighted sum of the features.

    Parameters
    ----------
    optimizer
        How the weights move. The intercept has its own learning rate.
    loss
        The regression loss whose gradient is followed.
    l2
        Pull of the weights of present features towards 0, 0 or more. Not together with `l1`.
    l1
        Cumulative pull that makes weights exactly 0, 0 or more. Not together with `l2`.
    intercept_init
        The intercept's first value.
    intercept_lr
        The intercept's learning rate, a number or a scheduler; 0 keeps it still.
    clip_gradient
        Limit on the absolute value of the gradient before it is multiplied by the features.
    initializer
        The weights' first values.

    """

    _entry = "LinearRegression"
    _objects: typing.ClassVar = {
        "optimizer": {"SGD": {"lr": 0.01}},
        "loss": {"Squared": {}},
        "initializer": {"Zeros": {}},
    }
    _rates: typing.ClassVar = ("intercept_lr",)

    def __init__(
        self,
        optimizer: optim.base.Optimizer | None = None,
        loss: optim.base.Loss | None = None,
        l2: float = 0.0,
        l1: float = 0.0,
        intercept_init: float = 0.0,
        intercept_lr: float | optim.base.Scheduler = 0.01,
        clip_gradient: float = 1000000000000.0,
        initializer: optim.base.Initializer | None = None,
    ) -> None:
        self._start(
            optimizer=optimizer,
            loss=loss,
            l2=l2,
            l1=l1,
            intercept_init=intercept_init,
            intercept_lr=intercept_lr,
            clip_gradient=clip_gradient,
            initializer=initializer,
        )


@mixed
class LogisticRegression(_kinds.Classifier, base.MiniBatchClassifier):
    """The probability of true from a weighted sum of the features.

    Parameters
    ----------
    optimizer
        How the weights move. The intercept has its own learning rate.
    loss
        The binary loss whose gradient is followed.
    l2
        Pull of the weights of present features towards 0, 0 or more. Not together with `l1`.
    l1
        Cumulative pull that makes weights exactly 0, 0 or more. Not together with `l2`.
    intercept_init
        The intercept's first value.
    intercept_lr
        The intercept's learning rate, a number or a scheduler; 0 keeps it still.
    clip_gradient
        Limit on the absolute value of the gradient before it is multiplied by the features.
    initializer
        The weights' first values.

    """

    _entry = "LogisticRegression"
    _objects: typing.ClassVar = {
        "optimizer": {"SGD": {"lr": 0.01}},
        "loss": {"Log": {"weight_pos": 1.0, "weight_neg": 1.0}},
        "initializer": {"Zeros": {}},
    }
    _rates: typing.ClassVar = ("intercept_lr",)

    def __init__(
        self,
        optimizer: optim.base.Optimizer | None = None,
        loss: optim.base.Loss | None = None,
        l2: float = 0.0,
        l1: float = 0.0,
        intercept_init: float = 0.0,
        intercept_lr: float | optim.base.Scheduler = 0.01,
        clip_gradient: float = 1000000000000.0,
        initializer: optim.base.Initializer | None = None,
    ) -> None:
        self._start(
            optimizer=optimizer,
            loss=loss,
            l2=l2,
            l1=l1,
            intercept_init=intercept_init,
            intercept_lr=intercept_lr,
            clip_gradient=clip_gradient,
            initializer=initializer,
        )


@mixed
class SoftmaxRegression(_kinds.Classifier, base.Classifier):
    """The probability of each class from one weighted sum a class.

    Parameters
    ----------
    optimizer
        How the weights move; each class has its own copy.
    loss
        The loss of a class's probability whose gradient is followed.
    l2
        Pull of the weights of present features towards 0, 0 or more.

    """

    _entry = "SoftmaxRegression"
    _objects: typing.ClassVar = {
        "optimizer": {"SGD": {"lr": 0.01}},
        "loss": {"CrossEntropy": {}},
    }

    def __init__(
        self,
        optimizer: optim.base.Optimizer | None = None,
        loss: optim.base.Loss | None = None,
        l2: float = 0.0,
    ) -> None:
        self._start(
            optimizer=optimizer,
            loss=loss,
            l2=l2,
        )


@mixed
class Perceptron(_kinds.Classifier, base.MiniBatchClassifier):
    """Logistic regression that learns from its mistakes only.

    Parameters
    ----------
    l2
        Pull of the weights of present features towards 0, 0 or more.
    clip_gradient
        Limit on the absolute value of the gradient before it is multiplied by the features.
    initializer
        The weights' first values.

    """

    _entry = "Perceptron"
    _objects: typing.ClassVar = {
        "initializer": {"Zeros": {}},
    }

    def __init__(
        self,
        l2: float = 0.0,
        clip_gradient: float = 1000000000000.0,
        initializer: optim.base.Initializer | None = None,
    ) -> None:
        self._start(
            l2=l2,
            clip_gradient=clip_gradient,
            initializer=initializer,
        )


@mixed
class PAClassifier(_kinds.Classifier, base.Classifier):
    """Moves only for events within the margin, as far as they ask for.

    Parameters
    ----------
    C
        How far one event may move the weights, above 0; mode 0 does not use it.
    mode
        How the step is limited: 0 not at all, 1 cut at `C`, 2 softened by `C`.
    learn_intercept
        Whether there is an intercept.

    """

    _entry = "PAClassifier"

    def __init__(
        self,
        C: float = 1.0,
        mode: int = 1,
        learn_intercept: bool = True,
    ) -> None:
        self._start(
            C=C,
            mode=mode,
            learn_intercept=learn_intercept,
        )


@mixed
class PARegressor(_kinds.Regressor, base.Regressor):
    """Moves only for errors above a tolerance, as far as they ask for.

    Parameters
    ----------
    C
        How far one event may move the weights, above 0; mode 0 does not use it.
    mode
        How the step is limited: 0 not at all, 1 cut at `C`, 2 softened by `C`.
    eps
        The error that costs nothing, 0 or more.
    learn_intercept
        Whether there is an intercept.

    """

    _entry = "PARegressor"

    def __init__(
        self,
        C: float = 1.0,
        mode: int = 1,
        eps: float = 0.1,
        learn_intercept: bool = True,
    ) -> None:
        self._start(
            C=C,
            mode=mode,
            eps=eps,
            learn_intercept=learn_intercept,
        )


@mixed
class ALMAClassifier(_kinds.Classifier, base.Classifier):
    """Approximately the largest margin, by a perceptron whose steps shrink.

    Parameters
    ----------
    p
        The order of the norm that bounds the weights, above 1.
    alpha
        How close to the largest margin, above 0 and up to 1: the closer, the more updates.
    B
        Scale of the margin; 0 or more.
    C
        Scale of the steps; 0 or more.

    """

    _entry = "ALMAClassifier"

    def __init__(
        self,
        p: float = 2.0,
        alpha: float = 0.9,
        B: float = 1.1111111111111112,
        C: float = 1.4142135623730951,
    ) -> None:
        self._start(
            p=p,
            alpha=alpha,
            B=B,
            C=C,
        )


@mixed
class BayesianLinearRegression(_kinds.Regressor, base.MiniBatchRegressor):
    """A Gaussian belief about the weights, for features of any scale.

    Parameters
    ----------
    alpha
        Scale of the prior, above 0.
    beta
        Precision of the noise, above 0.
    smoothing
        Share of the past that stays at each event, between 0 and 1; none keeps all of it.

    """

    _entry = "BayesianLinearRegression"

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        smoothing: float | None = None,
    ) -> None:
        self._start(
            alpha=alpha,
            beta=beta,
            smoothing=smoothing,
        )


@mixed
class BayesianLogisticRegression(_kinds.Classifier, base.Classifier):
    """A Gaussian belief about the weights, for two classes.

    Parameters
    ----------
    alpha
        Precision of the prior of each weight, above 0: the larger, the closer to 0 they stay.
    learn_intercept
        Whether there is an intercept, which has the same prior.

    """

    _entry = "BayesianLogisticRegression"

    def __init__(
        self,
        alpha: float = 1.0,
        learn_intercept: bool = True,
    ) -> None:
        self._start(
            alpha=alpha,
            learn_intercept=learn_intercept,
        )
