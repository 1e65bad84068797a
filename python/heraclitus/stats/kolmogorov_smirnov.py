"""The distance of two distributions."""

from __future__ import annotations

import bisect
import itertools
import math

from . import base


class KolmogorovSmirnov(base.Bivariate):
    """How far the distributions of two series are apart.

    All numbers are kept in their order: a new one moves those above it, and `get` looks at all.

    Parameters
    ----------
    statistic
        `"ks"` for the largest distance, `"kuiper"` for the sum of the largest ones above and
        below.

    Attributes
    ----------
    n_samples
        How many pairs there are.

    Examples
    --------

    >>> from heraclitus import stats
    >>> ks = stats.KolmogorovSmirnov()
    >>> for x, y in zip([1, 1, 2, 2, 3, 3, 4, 4], [1, 1, 1, 1, 2, 2, 2, 2]):
    ...     ks.update(x, y)
    >>> ks
    KolmogorovSmirnov: 0.5

    """

    def __init__(self, statistic: str = "ks") -> None:
        self.statistic = statistic
        self.n_samples = 0
        # The numbers in their order with the series they are of, and the step that each is in the
        # difference of the two distributions.
        self._values: list[tuple[float, int]] = []
        self._steps: list[int] = []

    def update(self, x: float, y: float) -> None:
        """Take the next number of each series."""
        for key, step in (((x, 0), 1), ((y, 1), -1)):
            at = bisect.bisect_left(self._values, key)
            self._values.insert(at, key)
            self._steps.insert(at, step)
        self.n_samples += 1

    def revert(self, x: float, y: float) -> None:
        """Take a pair of numbers back."""
        for key in ((x, 0), (y, 1)):
            at = bisect.bisect_left(self._values, key)
            if at < len(self._values) and self._values[at] == key:
                del self._values[at], self._steps[at]
        self.n_samples -= 1

    def get(self) -> float:
        """The distance so far."""
        if self.statistic not in ("ks", "kuiper"):
            raise ValueError(f'statistic must be "ks" or "kuiper", got {self.statistic!r}')
        if not self._steps:
            return 0
        differences = list(itertools.accumulate(self._steps))
        above, below = max(differences), -min(differences)
        apart = max(above, below) if self.statistic == "ks" else above + below
        return apart / self.n_samples

    @staticmethod
    def _ca(p_value: float) -> float:
        return math.sqrt(-0.5 * math.log(p_value))

    def _test_ks_threshold(self, ca: float) -> bool:
        """Whether the distance is too large for two series of one distribution."""
        return self.get() > ca * math.sqrt(2 / self.n_samples)
