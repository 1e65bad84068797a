"""Many models from one, by their parameters."""

from __future__ import annotations

import itertools
import sys
import typing
from collections.abc import Iterator, Mapping

from heraclitus import base

__all__ = ["expand_param_grid"]

T = typing.TypeVar("T", bound=base.Base)

# A list, a set or an array of values; a class with a grid of its own; a grid.
Params = typing.Any


def expand_param_grid(model: T, grid: Mapping[str, Params]) -> list[T]:
    """A clone of a model for each combination of parameters.

    Parameters
    ----------
    model
        What the clones are made from.
    grid
        A list of values for each parameter. A value written as `(class, grid)` stands for the
        objects of the class over that grid. A dict instead of a list is a grid of the parameters
        that an object or a pipeline's step has.

    Examples
    --------

    >>> from heraclitus import compose, utils
    >>> model = compose.Prefixer("a") | compose.Suffixer("b")
    >>> grid = {"Prefixer": {"prefix": ["c", "d"]}, "Suffixer": {"suffix": ["e", "f", "g"]}}
    >>> models = utils.expand_param_grid(model, grid)
    >>> len(models)
    6
    >>> models[4]["Suffixer"]
    Suffixer (
      suffix="f"
    )
    """
    return [model.clone(params) for params in _combinations(grid)]


def _combinations(grid: Mapping[str, Params]) -> Iterator[dict[str, typing.Any]]:
    for name in grid:
        if not isinstance(name, str):
            raise ValueError(f"a parameter's name is a str, and {name!r} is none")
    for values in itertools.product(*map(_choices, grid.values())):
        yield dict(zip(grid, values))


def _choices(values: Params) -> list[typing.Any]:
    """The values that a parameter takes in turn."""
    if isinstance(values, tuple):
        return _objects(values)
    if isinstance(values, dict):
        return list(_combinations(values))
    numpy = sys.modules.get("numpy")
    if isinstance(values, (list, set)) or (numpy and isinstance(values, numpy.ndarray)):
        each = (_objects(value) if isinstance(value, tuple) else [value] for value in values)
        return list(itertools.chain.from_iterable(each))
    kind = type(values).__name__
    raise ValueError(f"a grid holds lists, sets, arrays, dicts and (class, dict), not {kind}")


def _objects(pair: tuple[typing.Any, ...]) -> list[typing.Any]:
    """The objects of a class over a grid of its parameters."""
    cls, params = pair
    if not isinstance(cls, type):
        raise ValueError(f"the first of (class, dict) is {cls!r}, which is no class")
    if not isinstance(params, dict):
        raise ValueError(f"the second of (class, dict) is {params!r}, which is no dict")
    return [cls(**combination) for combination in _combinations(params)]
