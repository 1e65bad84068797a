"""Additions to the statistics."""

from __future__ import annotations

import typing

from .. import _native


def _many(self: typing.Any, X: typing.Iterable[float]) -> None:
    """Take numbers one after the other."""
    for x in X:
        self.update(x)


class Mean:
    update_many = _many

    @property
    def n(self) -> float:
        """The weight of the numbers so far."""
        return self._attribute("n")


class Var:
    update_many = _many

    @property
    def n(self) -> float:
        """The weight of the numbers so far."""
        return self._attribute("n")


class Count:
    def update(self, x: typing.Any = None) -> None:
        """Count one more, whatever it is."""
        _native.Univariate.update(self, 0.0)

    def get(self) -> int:
        """How many came."""
        return int(_native.Univariate.get(self) or 0)


class Mode:
    """The native one counts numbers; values of any other kind are counted under a number each."""

    def _numbered(self, x: typing.Any) -> float:
        values = self.__dict__.setdefault("_values", {})
        return values.setdefault(x, float(len(values)))

    def update(self, x: typing.Any) -> None:
        """Take the next value of the series."""
        _native.Univariate.update(self, self._numbered(x))

    def get(self) -> typing.Any:
        """The value that came most often."""
        number = _native.Univariate.get(self)
        if number is None:
            return None
        return next(x for x, n in self.__dict__["_values"].items() if n == number)


class RollingMode:
    _numbered = Mode._numbered
    update = Mode.update
    get = Mode.get
