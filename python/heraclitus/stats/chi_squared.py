"""Pearson's chi-squared statistic."""

from __future__ import annotations

import collections
import typing

from . import base


class ChiSquared(base.Bivariate):
    """How much two series of values of any kind depend on each other.

    Attributes
    ----------
    n
        How many pairs there were.

    Examples
    --------

    >>> from heraclitus import stats
    >>> chi = stats.ChiSquared()
    >>> for x, y in [("a", 0), ("a", 0), ("b", 1), ("b", 1)]:
    ...     chi.update(x, y)
    >>> chi.get(), chi.degrees_of_freedom
    (4.0, 1)

    """

    def __init__(self) -> None:
        self.counts: dict[typing.Hashable, collections.Counter[typing.Hashable]] = {}
        self.x_totals: collections.Counter[typing.Hashable] = collections.Counter()
        self.y_totals: collections.Counter[typing.Hashable] = collections.Counter()
        self.n = 0

    @property
    def name(self) -> str:
        """What features made of this statistic are called."""
        return "chi_squared"

    def update(self, x: typing.Hashable, y: typing.Hashable) -> None:
        """Take the next value of each series."""
        self.counts.setdefault(x, collections.Counter())[y] += 1
        self.x_totals[x] += 1
        self.y_totals[y] += 1
        self.n += 1

    def revert(self, x: typing.Hashable, y: typing.Hashable) -> None:
        """Take a pair of values back."""
        for counter, key in ((self.counts[x], y), (self.x_totals, x), (self.y_totals, y)):
            counter[key] -= 1
            if counter[key] <= 0:
                del counter[key]
        if not self.counts[x]:
            del self.counts[x]
        self.n -= 1

    @property
    def degrees_of_freedom(self) -> int:
        """How many cells of the table of pairs are free."""
        return max(len(self.x_totals) - 1, 0) * max(len(self.y_totals) - 1, 0)

    @property
    def p_value(self) -> float:
        """How probable this is for series that do not depend on each other; it needs SciPy."""
        import scipy.stats

        free = self.degrees_of_freedom
        return float(scipy.stats.chi2.sf(self.get(), free)) if free else 1.0

    def get(self) -> float:
        """The statistic so far."""
        chi = 0.0
        for x, row in self.counts.items():
            for y, total in self.y_totals.items():
                expected = self.x_totals[x] * total / self.n
                if expected > 0:
                    chi += (row.get(y, 0) - expected) ** 2 / expected
        return chi
