"""River's `optim`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed
from ..optim import base as optim_base

__all__ = [
    "AMSGrad",
    "AdaBound",
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adam",
    "FTRLProximal",
    "Momentum",
    "Nadam",
    "NesterovMomentum",
    "RMSProp",
    "SGD",
]


@mixed
class SGD(_kinds.Optimizer, optim_base.Optimizer):
    """Plain stochastic gradient descent.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.

    """

    _entry = "SGD"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.01,
    ) -> None:
        self._start(
            lr=lr,
        )


@mixed
class Momentum(_kinds.Optimizer, optim_base.Optimizer):
    """Gradient descent that keeps its direction.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    rho
        Share of the old step, between 0 and 1.

    """

    _entry = "Momentum"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        rho: float = 0.9,
    ) -> None:
        self._start(
            lr=lr,
            rho=rho,
        )


@mixed
class NesterovMomentum(_kinds.Optimizer, optim_base.Optimizer):
    """Momentum whose gradient is taken one step ahead.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    rho
        Share of the old step, between 0 and 1.

    """

    _entry = "NesterovMomentum"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        rho: float = 0.9,
    ) -> None:
        self._start(
            lr=lr,
            rho=rho,
        )


@mixed
class AdaGrad(_kinds.Optimizer, optim_base.Optimizer):
    """A learning rate per weight that falls with the gradients seen.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    eps
        Keeps the division away from 0; above 0.

    """

    _entry = "AdaGrad"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        eps: float = 1e-8,
    ) -> None:
        self._start(
            lr=lr,
            eps=eps,
        )


@mixed
class AdaDelta(_kinds.Optimizer, optim_base.Optimizer):
    """Steps as large as the recent ones, without a learning rate.

    Parameters
    ----------
    rho
        Share of the old moments, between 0 and 1.
    eps
        Keeps the division away from 0; above 0.

    """

    _entry = "AdaDelta"

    def __init__(
        self,
        rho: float = 0.95,
        eps: float = 1e-8,
    ) -> None:
        self._start(
            rho=rho,
            eps=eps,
        )


@mixed
class RMSProp(_kinds.Optimizer, optim_base.Optimizer):
    """Gradients divided by their recent size.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    rho
        Share of the old second moment, between 0 and 1.
    eps
        Keeps the division away from 0; above 0.

    """

    _entry = "RMSProp"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        rho: float = 0.9,
        eps: float = 1e-8,
    ) -> None:
        self._start(
            lr=lr,
            rho=rho,
            eps=eps,
        )


@mixed
class Adam(_kinds.Optimizer, optim_base.Optimizer):
    """Momentum and recent size of the gradients together.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    beta_1
        Share of the old first moment, 0 or more and below 1.
    beta_2
        Share of the old second moment, 0 or more and below 1.
    eps
        Keeps the division away from 0; above 0.

    """

    _entry = "Adam"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self._start(
            lr=lr,
            beta_1=beta_1,
            beta_2=beta_2,
            eps=eps,
        )


@mixed
class AdaMax(_kinds.Optimizer, optim_base.Optimizer):
    """Adam with the largest recent gradient as the size.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    beta_1
        Share of the old first moment, 0 or more and below 1.
    beta_2
        Share of the old second moment, 0 or more and below 1.
    eps
        Keeps the division away from 0; above 0.

    """

    _entry = "AdaMax"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self._start(
            lr=lr,
            beta_1=beta_1,
            beta_2=beta_2,
            eps=eps,
        )


@mixed
class AMSGrad(_kinds.Optimizer, optim_base.Optimizer):
    """Adam whose measure of size never falls.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    beta_1
        Share of the old first moment, 0 or more and below 1.
    beta_2
        Share of the old second moment, 0 or more and below 1.
    eps
        Keeps the division away from 0; above 0.
    correct_bias
        Whether the moments' start at 0 is made up for, as in Adam.

    """

    _entry = "AMSGrad"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
        correct_bias: bool = True,
    ) -> None:
        self._start(
            lr=lr,
            beta_1=beta_1,
            beta_2=beta_2,
            eps=eps,
            correct_bias=correct_bias,
        )


@mixed
class Nadam(_kinds.Optimizer, optim_base.Optimizer):
    """Adam with Nesterov's look ahead.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`.
    beta_1
        Share of the old first moment, 0 or more and below 1.
    beta_2
        Share of the old second moment, 0 or more and below 1.
    eps
        Keeps the division away from 0; above 0.

    """

    _entry = "Nadam"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self._start(
            lr=lr,
            beta_1=beta_1,
            beta_2=beta_2,
            eps=eps,
        )


@mixed
class AdaBound(_kinds.Optimizer, optim_base.Optimizer):
    """Adam at first, plain gradient descent at last.

    Parameters
    ----------
    lr
        Learning rate: a number, or a scheduler such as `{"InverseScaling": {…}}`; not 0 at the
        first step.
    beta_1
        Share of the old first moment, 0 or more and below 1.
    beta_2
        Share of the old second moment, 0 or more and below 1.
    eps
        Keeps the division away from 0; above 0.
    gamma
        How fast the limits close in; above 0.
    final_lr
        The rate that the limits close in on.

    """

    _entry = "AdaBound"
    _rates: typing.ClassVar = ("lr",)

    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
        gamma: float = 0.001,
        final_lr: float = 0.1,
    ) -> None:
        self._start(
            lr=lr,
            beta_1=beta_1,
            beta_2=beta_2,
            eps=eps,
            gamma=gamma,
            final_lr=final_lr,
        )


@mixed
class FTRLProximal(_kinds.Optimizer, optim_base.Optimizer):
    """Follow the regularised leader, for sparse weights.

    Parameters
    ----------
    alpha
        Size of the steps; above 0.
    beta
        Slows the first steps; 0 or more.
    l1
        Weights whose evidence stays below this are 0; 0 or more.
    l2
        Pull towards 0; 0 or more.

    """

    _entry = "FTRLProximal"

    def __init__(
        self,
        alpha: float = 0.05,
        beta: float = 1.0,
        l1: float = 0.0,
        l2: float = 1.0,
    ) -> None:
        self._start(
            alpha=alpha,
            beta=beta,
            l1=l1,
            l2=l2,
        )
