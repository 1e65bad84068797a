"""Interfaces of statistics of series."""

from __future__ import annotations

import abc
import typing

from heraclitus import base

__all__ = ["Bivariate", "Link", "RollingUnivariate", "Statistic", "Univariate"]


class Statistic(base.Base, abc.ABC):
    """A figure that is kept up to date."""

    _fmt = ",.6f"

    @abc.abstractmethod
    def get(self) -> typing.Any:
        """The figure so far; `None` while there is none."""

    def __repr__(self) -> str:
        try:
            value = self.get()
        except NotImplementedError:
            value = None
        shown = None if value is None else f"{value:{self._fmt}}".rstrip("0")
        return f"{type(self).__name__}: {shown}"

    def __str__(self) -> str:
        return repr(self)

    def __gt__(self, other: Statistic) -> bool:
        return self.get() > other.get()


class Univariate(Statistic):
    """A statistic of one series."""

    @abc.abstractmethod
    def update(self, x: float) -> None:
        """Take the next number of the series."""

    @property
    def name(self) -> str:
        """What a feature made of it is called."""
        return type(self).__name__.lower()

    def __or__(self, other: Univariate) -> Link:
        """The other statistic of this one's values."""
        return Link(self, other)


class Link(Univariate):
    """A statistic of what another one says after each number.

    Parameters
    ----------
    left
        The statistic of the series.
    right
        The statistic of its values.

    Examples
    --------
    >>> from heraclitus import stats
    >>> latest = stats.Shift(1) | stats.Mean()
    >>> for x in (1, 2, 3):
    ...     latest.update(x)
    >>> latest.get()
    1.5
    """

    def __init__(self, left: Univariate, right: Univariate) -> None:
        self.left = left
        self.right = right

    def update(self, x: typing.Any) -> None:
        self.left.update(x)
        value = self.left.get()
        if value is not None:
            self.right.update(value)

    def get(self) -> typing.Any:
        return self.right.get()

    @property
    def name(self) -> str:
        return f"{self.right.name}_of_{self.left.name}"

    def __repr__(self) -> str:
        return repr(self.right)


class RollingUnivariate(Univariate):
    """A statistic of the last numbers of a series."""

    @property
    def name(self) -> str:
        return f"{super().name}_{self.window_size}"  # type: ignore[attr-defined]


class Bivariate(Statistic):
    """A statistic of two series."""

    @abc.abstractmethod
    def update(self, x: float, y: float) -> None:
        """Take the next number of each series."""
