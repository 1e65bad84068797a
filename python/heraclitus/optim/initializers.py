"""First values of weights."""

from __future__ import annotations

import typing

from .base import Initializer

__all__ = ["Constant", "Normal", "Zeros"]


class Constant(Initializer):
    """Weights that begin at the same value.

    Parameters
    ----------
    value
        The value.

    """

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, shape: int = 1) -> typing.Any:
        if shape == 1:
            return self.value
        import numpy as np

        return np.full(shape, self.value)


class Zeros(Constant):
    """Weights that begin at 0."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def _own_params(self) -> dict[str, typing.Any]:
        return {}


class Normal(Initializer):
    """Weights drawn from a normal distribution.

    Parameters
    ----------
    mu
        Its mean.
    sigma
        Its standard deviation.
    seed
        Fixes the draws; as 0 in a model when left out.

    """

    def __init__(self, mu: float = 0.0, sigma: float = 1.0, seed: int | None = None) -> None:
        self.mu = mu
        self.sigma = sigma
        self.seed = seed

    def __call__(self, shape: int = 1) -> typing.Any:
        import numpy as np

        rng = self.__dict__.setdefault("_rng", np.random.RandomState(self.seed))
        drawn = rng.normal(self.mu, self.sigma, size=shape)
        return drawn[0] if shape == 1 else drawn

    def _own_params(self) -> dict[str, typing.Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_rng"}
