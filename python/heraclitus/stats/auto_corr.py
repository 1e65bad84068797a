"""Correlation of a series with itself."""

from __future__ import annotations

import collections

from . import base
from .pearson import PearsonCorr


class AutoCorr(base.Univariate):
    """The correlation of a series with what it was some values ago.

    Parameters
    ----------
    lag
        How many values ago.

    Examples
    --------

    >>> from heraclitus import stats
    >>> corr = stats.AutoCorr(lag=1)
    >>> for x in [1.0, 3.0, 2.0, 4.0, 3.0]:
    ...     corr.update(x)
    >>> round(corr.get(), 4)
    -0.3162

    """

    def __init__(self, lag: int) -> None:
        self.lag = lag
        self.window: collections.deque[float] = collections.deque(maxlen=lag)
        self.pearson = PearsonCorr(ddof=1)

    @property
    def name(self) -> str:
        """The name with the lag."""
        return f"autocorr_{self.lag}"

    def update(self, x: float) -> None:
        """Take the next number of the series."""
        if len(self.window) == self.lag:
            self.pearson.update(x, self.window[0])
        self.window.append(x)

    def get(self) -> float:
        """The correlation so far; 0 while there is none."""
        return self.pearson.get()
