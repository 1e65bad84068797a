"""The interfaces of statistics."""

from __future__ import annotations

import abc
import typing

from .. import base

__all__ = ["Bivariate", "Link", "RollingUnivariate", "Statistic", "Univariate"]

T = typing.TypeVar("T")


class Statistic(base.Base, abc.ABC, typing.Generic[T]):
    """A figure that is kept up to date value by value."""

    #: How the figure is written.
    _fmt = ",.6f"

    @abc.abstractmethod
    def get(self) -> typing.Any:
        """The statistic so far; `None` while there is none."""

    def __repr__(self) -> str:
        try:
            value = self.get()
        except NotImplementedError:
            value = None
        shown = value
        if isinstance(value, int | float):
            shown = f"{value:{self._fmt}}".rstrip("0")
        return f"{type(self).__name__}: {shown}"

    def __str__(self) -> str:
        return repr(self)

    def __gt__(self, other: Statistic) -> bool:
        return self.get() > other.get()

    def __lt__(self, other: Statistic) -> bool:
        return self.get() < other.get()


class Univariate(Statistic[T]):
    """A statistic of one series."""

    @abc.abstractmethod
    def update(self, x: typing.Any) -> None:
        """Take the next value of the series.

        Parameters
        ----------
        x
            The value.

        """

    @property
    def name(self) -> str:
        """What features made of this statistic are called."""
        return type(self).__name__.lower()

    def __or__(self, other: Univariate) -> Link:
        return Link(left=self, right=other)


class Link(Univariate[T]):
    """A statistic of a statistic, which `left | right` makes.

    Parameters
    ----------
    left
        Takes the values.
    right
        Takes what `left` says after each value, unless that is `None`.

    Examples
    --------

    >>> from heraclitus import stats
    >>> stat = stats.Shift(1) | stats.Mean()
    >>> stat.name
    'mean_of_shift_1'
    >>> for x in [1, 3, 100]:
    ...     stat.update(x)
    >>> stat.get()
    2.0

    """

    def __init__(self, left: Univariate, right: Univariate) -> None:
        self.left = left
        self.right = right

    def update(self, x: typing.Any) -> None:
        """Take the next value of the series."""
        self.left.update(x)
        value = self.left.get()
        if value is not None:
            self.right.update(value)

    def get(self) -> typing.Any:
        """What `right` says."""
        return self.right.get()

    @property
    def name(self) -> str:
        """The names of both."""
        return f"{self.right.name}_of_{self.left.name}"

    def __repr__(self) -> str:
        return repr(self.right)


class RollingUnivariate(Univariate[T]):
    """A statistic of the newest values of a series."""

    #: How many of the newest values count.
    window_size: int

    @property
    def name(self) -> str:
        """The name with the size of the window."""
        return f"{super().name}_{self.window_size}"


class Bivariate(Statistic[T]):
    """A statistic of two series."""

    @abc.abstractmethod
    def update(self, x: typing.Any, y: typing.Any) -> None:
        """Take the next value of each series.

        Parameters
        ----------
        x
            The first one's.
        y
            The second one's.

        """
