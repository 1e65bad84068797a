"""Scaling the values of a dict."""

from __future__ import annotations

import copy
import math
import typing
from collections.abc import MutableMapping

__all__ = ["normalize_values_in_dict", "scale_values_in_dict"]

T = typing.TypeVar("T", bound=MutableMapping[typing.Any, float])


def scale_values_in_dict(dictionary: T, multiplier: float, inplace: bool = True) -> T:
    """Multiplies each value of a dict.

    Parameters
    ----------
    dictionary
        The values.
    multiplier
        What they are multiplied with.
    inplace
        Whether to change the dict itself instead of a copy.

    Examples
    --------

    >>> from heraclitus.utils.norm import scale_values_in_dict
    >>> scale_values_in_dict({"a": 1, "b": 2}, 3)
    {'a': 3, 'b': 6}
    """
    scaled = dictionary if inplace else copy.deepcopy(dictionary)
    for name in scaled:
        scaled[name] = scaled[name] * multiplier
    return scaled


def normalize_values_in_dict(
    dictionary: T, factor: float | None = None, inplace: bool = True, raise_error: bool = False
) -> T:
    """Divides each value of a dict, by default so that they sum to 1.

    Parameters
    ----------
    dictionary
        The values.
    factor
        What they are divided by; their sum when left out.
    inplace
        Whether to change the dict itself instead of a copy.
    raise_error
        Whether a factor of 0 or NaN is an error. Otherwise the values stay as they are.

    Examples
    --------

    >>> from heraclitus.utils.norm import normalize_values_in_dict
    >>> normalize_values_in_dict({"a": 1, "b": 3})
    {'a': 0.25, 'b': 0.75}
    """
    by = sum(dictionary.values()) if factor is None else factor
    result = dictionary if inplace else copy.deepcopy(dictionary)
    if by == 0 or math.isnan(by):
        if raise_error:
            raise ValueError(f"values cannot be normalized by a factor of {by}")
        return result
    return scale_values_in_dict(result, 1 / by)
