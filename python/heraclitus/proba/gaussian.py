"""The normal distribution."""

from __future__ import annotations

import math
import random
import typing

from .. import base

__all__ = ["Gaussian"]


class Gaussian(base.Base):
    """A normal distribution whose mean and deviation are learned.

    Parameters
    ----------
    seed
        Fixes what `sample` draws.

    Examples
    --------

    >>> from heraclitus import proba
    >>> p = proba.Gaussian()
    >>> for x in (6, 7, 8):
    ...     p.update(x)
    >>> p
    𝒩(μ=7.000, σ=1.000)
    >>> p.revert(8)
    >>> p.mu
    6.5
    >>> round(p.cdf(6.5), 3)
    0.5

    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
        self._rng = random.Random(seed)
        self._n = 0.0
        self._mean = 0.0
        self._squares = 0.0
        self._ddof = 1

    @classmethod
    def _from_state(
        cls, n: float, m: float, var: float, ddof: int = 1, seed: int | None = None
    ) -> typing.Self:
        made = cls(seed)
        made._n, made._mean, made._ddof = n, m, ddof
        made._squares = var * (n - ddof)
        return made

    @property
    def n_samples(self) -> float:
        """The weight of the numbers so far."""
        return self._n

    @property
    def mu(self) -> float:
        """The mean."""
        return self._mean

    @property
    def _variance(self) -> float:
        over = self._n - self._ddof
        return self._squares / over if over > 0 else 0.0

    @property
    def sigma(self) -> float:
        """The standard deviation."""
        return math.sqrt(max(self._variance, 0.0))

    @property
    def mode(self) -> float:
        """The most likely value, which is the mean."""
        return self._mean

    def __repr__(self) -> str:
        return f"𝒩(μ={self.mu:.3f}, σ={self.sigma:.3f})"

    def update(self, x: float, w: float = 1.0) -> None:
        """Take a number of weight `w`."""
        before = self._mean
        self._n += w
        if self._n > 0:
            self._mean += w / self._n * (x - before)
            self._squares += w * (x - before) * (x - self._mean)

    def revert(self, x: float, w: float = 1.0) -> None:
        """Take a number back."""
        after = self._mean
        self._n -= w
        if self._n < 0:
            self._n += w
            raise ValueError("Cannot go below 0")
        if self._n == 0:
            self._mean = self._squares = 0.0
            return
        self._mean -= w / self._n * (x - after)
        self._squares -= w * (x - after) * (x - self._mean)

    def __call__(self, x: float) -> float:
        """The density at `x`."""
        density = self.log_pdf(x)
        return math.exp(density) if density > -700 else 0.0

    def log_pdf(self, x: float) -> float:
        """The logarithm of the density at `x`."""
        variance = self._variance
        if variance <= 0:
            return -math.inf
        return -((x - self._mean) ** 2) / (2 * variance) - 0.5 * math.log(2 * math.pi * variance)

    def cdf(self, x: float) -> float:
        """The probability of a value up to `x`."""
        if self.sigma == 0:
            return 0.0
        return 0.5 * (1 + math.erf((x - self.mu) / (self.sigma * math.sqrt(2))))

    def sample(self) -> float:
        """A value drawn from the distribution."""
        return self._rng.gauss(self.mu, self.sigma)
