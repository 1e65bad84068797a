"""Learning rates that change with the number of steps."""

from __future__ import annotations

from .base import Loss, Scheduler

__all__ = ["Constant", "InverseScaling", "Optimal"]


class Constant(Scheduler):
    """The same rate at every step.

    Parameters
    ----------
    learning_rate
        The rate.

    """

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"learning_rate"}

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate


class InverseScaling(Scheduler):
    """`learning_rate / (t + 1) ** power`.

    Parameters
    ----------
    learning_rate
        The rate of the first step.
    power
        How fast it falls.

    """

    def __init__(self, learning_rate: float, power: float = 0.5) -> None:
        self.learning_rate = learning_rate
        self.power = power


class Optimal(Scheduler):
    """Bottou's schedule, `1 / (alpha * (t0 + t))`.

    Parameters
    ----------
    loss
        The loss whose gradient gives `t0`.
    alpha
        The strength of regularisation that it assumes.

    """

    def __init__(self, loss: Loss, alpha: float = 1e-4) -> None:
        self.loss = loss
        self.alpha = alpha
