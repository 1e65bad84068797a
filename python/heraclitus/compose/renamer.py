"""Features under other names."""

from __future__ import annotations

import typing

from heraclitus.base.transformer import Transformer
from heraclitus.base.typing import FeatureName

__all__ = ["Prefixer", "Renamer", "Suffixer"]


class Renamer(Transformer):
    """Gives some features other names.

    Parameters
    ----------
    mapping
        The new name for each old one. What an event lacks is passed over.

    Examples
    --------

    >>> from heraclitus import compose
    >>> compose.Renamer({"a": "v", "c": "o"}).transform_one({"a": 42, "b": 12})
    {'b': 12, 'v': 42}
    """

    def __init__(self, mapping: dict[FeatureName, FeatureName]) -> None:
        self.mapping = mapping

    def _to_spec(self) -> dict[str, typing.Any]:
        return {"Renamer": {"mapping": {str(old): str(new) for old, new in self.mapping.items()}}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(params["mapping"])

    def transform_one(self, x: dict) -> dict:
        renamed = dict(x)
        for old, new in self.mapping.items():
            if old in renamed:
                renamed[new] = renamed.pop(old)
        return renamed


class Prefixer(Transformer):
    """Puts a text before the name of each feature.

    Parameters
    ----------
    prefix
        The text.

    Examples
    --------

    >>> from heraclitus import compose
    >>> compose.Prefixer("raw_").transform_one({"a": 42, "b": 12})
    {'raw_a': 42, 'raw_b': 12}
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def _rename(self, name: FeatureName) -> str:
        return f"{self.prefix}{name}"

    def _to_spec(self) -> dict[str, typing.Any]:
        return {"Prefixer": {"prefix": self.prefix}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(params["prefix"])

    def transform_one(self, x: dict) -> dict:
        prefix = self.prefix
        return {f"{prefix}{name}": value for name, value in x.items()}


class Suffixer(Transformer):
    """Puts a text behind the name of each feature.

    Parameters
    ----------
    suffix
        The text.

    Examples
    --------

    >>> from heraclitus import compose
    >>> compose.Suffixer("_raw").transform_one({"a": 42, "b": 12})
    {'a_raw': 42, 'b_raw': 12}
    """

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix

    def _rename(self, name: FeatureName) -> str:
        return f"{name}{self.suffix}"

    def _to_spec(self) -> dict[str, typing.Any]:
        return {"Suffixer": {"suffix": self.suffix}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(params["suffix"])

    def transform_one(self, x: dict) -> dict:
        suffix = self.suffix
        return {f"{name}{suffix}": value for name, value in x.items()}
