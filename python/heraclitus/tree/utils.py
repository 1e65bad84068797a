"""Sums of what leaves know, and numbers in few digits."""

from __future__ import annotations

import copy
import math
import typing

from ..stats import Var

__all__ = ["combine_stats", "round_sig_fig", "update_stats"]


def update_stats(left: typing.Any, right: typing.Any, subtract: bool = False) -> typing.Any:
    """Add statistics to others, in place; or take them away.

    Parameters
    ----------
    left
        A statistic, or statistics by name.
    right
        What is added to it, of the same shape.
    subtract
        Whether it is taken away in place of that.

    Returns
    -------
    `left`, or the sum where the statistic can't be changed in place.

    """
    if not isinstance(left, dict):
        return left - right if subtract else left + right
    for name, value in right.items():
        if name in left:
            left[name] = update_stats(left[name], value, subtract)
        else:
            left[name] = Var() - value if subtract else copy.deepcopy(value)
    return left


def combine_stats(left: typing.Any, right: typing.Any, subtract: bool = False) -> typing.Any:
    """The sum of statistics, or their difference.

    Parameters
    ----------
    left
        A statistic, or statistics by name.
    right
        Others, of the same shape.
    subtract
        Whether they are taken away.

    """
    return update_stats(copy.deepcopy(left), right, subtract)


def round_sig_fig(x: float, significant_digits: int = 2) -> float:
    """Round to some digits in all, of which one at least is before the point.

    Parameters
    ----------
    x
        The number.
    significant_digits
        How many digits.

    Examples
    --------

    >>> from heraclitus.tree.utils import round_sig_fig
    >>> round_sig_fig(1.2345), round_sig_fig(0.7071)
    (1.2, 0.7)

    """
    before = math.floor(math.log10(abs(x) + 1)) + 1
    return round(x, significant_digits - before)
