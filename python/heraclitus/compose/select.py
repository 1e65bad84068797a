"""Features kept or dropped, by their names or by the types of their values."""

from __future__ import annotations

import numbers
import typing

from heraclitus import _frames
from heraclitus.base._repr import in_order
from heraclitus.base.transformer import MiniBatchTransformer, Transformer
from heraclitus.base.typing import FeatureName

__all__ = ["Discard", "Select", "SelectType"]


def _repr_values(title: str, values: typing.Iterable[typing.Any]) -> str:
    lines = [f"\n  {value}" for value in in_order(values)]
    return f"{title} ({''.join(lines)}\n)" if lines else f"{title} ()"


class Discard(Transformer):
    """Drops features.

    Parameters
    ----------
    keys
        The names of those that are dropped.

    Examples
    --------

    >>> from heraclitus import compose
    >>> compose.Discard("a", "b").transform_one({"a": 1, "b": 2, "c": 3})
    {'c': 3}
    """

    def __init__(self, *keys: FeatureName) -> None:
        self.keys = set(keys)

    def transform_one(self, x: dict) -> dict:
        keys = self.keys
        return {name: value for name, value in x.items() if name not in keys}

    def _to_spec(self) -> dict[str, typing.Any]:
        return {"Discard": {"keys": [str(key) for key in in_order(self.keys)]}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(*params["keys"])

    def __str__(self) -> str:
        return f"~{in_order(self.keys)}"

    def __repr__(self) -> str:
        return _repr_values("Discard", self.keys)


class Select(MiniBatchTransformer):
    """Keeps features, in the order that the event has them.

    Parameters
    ----------
    keys
        The names of those that are kept. What an event lacks is not there afterwards either.

    Examples
    --------

    >>> from heraclitus import compose
    >>> compose.Select("a", "c").transform_one({"a": 1, "b": 2, "c": 3})
    {'a': 1, 'c': 3}
    """

    def __init__(self, *keys: FeatureName) -> None:
        self.keys = set(keys)

    def transform_one(self, x: dict) -> dict:
        keys = self.keys
        return {name: value for name, value in x.items() if name in keys}

    def transform_many(self, X: typing.Any) -> typing.Any:
        frame = _frames.into_frame(X)
        return frame.select([name for name in frame.columns if name in self.keys]).to_native()

    def _to_spec(self) -> dict[str, typing.Any]:
        return {"Select": {"keys": [str(key) for key in in_order(self.keys)]}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(*params["keys"])

    def __str__(self) -> str:
        return str(in_order(self.keys))

    def __repr__(self) -> str:
        return _repr_values("Select", self.keys)


class SelectType(Transformer):
    """Keeps the features whose values are of certain types.

    Parameters
    ----------
    types
        The types; an instance of one of them is kept.

    Examples
    --------

    >>> from heraclitus import compose
    >>> compose.SelectType(int, float).transform_one({"a": 1, "b": "two", "c": 3.0})
    {'a': 1, 'c': 3.0}
    """

    def __init__(self, *types: type) -> None:
        self.types = types

    def transform_one(self, x: dict) -> dict:
        types = self.types
        return {name: value for name, value in x.items() if isinstance(value, types)}

    def _to_spec(self) -> dict[str, typing.Any]:
        kinds = {"text" if kept is str else "number" for kept in self.types}
        if not set(self.types) <= {str, numbers.Number}:
            raise TypeError(
                f"SelectType{tuple(kept.__name__ for kept in self.types)}: a spec tells apart "
                "numbers.Number and str, not kinds of numbers"
            )
        return {"SelectType": {"types": sorted(kinds)}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(*({"text": str, "number": numbers.Number}[kind] for kind in params["types"]))

    def __str__(self) -> str:
        return f"Select({', '.join(kept.__name__ for kept in self.types)})"

    def __repr__(self) -> str:
        return _repr_values("Select", self.types)
