"""A function as a transformer."""

from __future__ import annotations

import collections.abc
import typing

from heraclitus.base.transformer import MiniBatchTransformer

__all__ = ["FuncTransformer"]


class FuncTransformer(MiniBatchTransformer):
    """Calls a function on the features.

    In a pipeline or a union a function may stand for itself; it is wrapped there.

    Parameters
    ----------
    func
        Takes the features of an event and gives new ones. It should leave those alone that it
        was given. For many events at once it is given the frame.

    Examples
    --------

    >>> from heraclitus import compose
    >>> def area(x):
    ...     return {**x, "area": x["width"] * x["height"]}
    >>> compose.FuncTransformer(area).transform_one({"width": 2, "height": 3})
    {'width': 2, 'height': 3, 'area': 6}

    >>> area | compose.Select("area")
    Pipeline (
      FuncTransformer (
        func="area"
      ),
      Select (
        area
      )
    )
    """

    def __init__(self, func: collections.abc.Callable[[dict], dict]) -> None:
        self.func = func

    def transform_one(self, x: dict) -> dict:
        return self.func(x)

    def transform_many(self, X: typing.Any) -> typing.Any:
        return self.func(X)

    def _to_spec(self) -> typing.NoReturn:
        raise TypeError(
            f"{name_of(self.func)} is a Python function: a model that is sent to a server or "
            "written to a file is data; do this step before the model, or use pickle"
        )

    def __str__(self) -> str:
        return name_of(self.func)


def name_of(func: typing.Any) -> str:
    """What a function is called; one without a name is called as its class is."""
    return getattr(func, "__name__", type(func).__name__)
