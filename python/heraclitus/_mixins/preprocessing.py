"""Additions to the transformers."""

from __future__ import annotations

import collections.abc
import math
import typing

from .._spec import to_spec

Params = collections.abc.Iterator[dict[str, typing.Any]]


class PredClipper:
    @classmethod
    def _unit_test_params(cls) -> Params:
        from ..linear_model import LinearRegression

        yield {"regressor": LinearRegression(), "y_min": -math.inf, "y_max": math.inf}

    def _to_spec(self) -> dict[str, typing.Any]:
        # A spec has no infinity: a limit that is left out is none.
        params = {"regressor": to_spec(self.regressor, "regressor")}
        for name in ("y_min", "y_max"):
            if math.isfinite(limit := self.__dict__[name]):
                params[name] = to_spec(limit, name)
        return {"PredClipper": params}


def _of_regressor(cls: type) -> Params:
    from ..linear_model import LinearRegression

    yield {"regressor": LinearRegression()}


class TargetMinMaxScaler:
    _unit_test_params = classmethod(_of_regressor)


class TargetStandardScaler:
    _unit_test_params = classmethod(_of_regressor)


class OneHotEncoder:
    def transform_one(self, x: typing.Any) -> dict[typing.Any, typing.Any]:
        """Transform a set of features `x`: ones and zeros are `int`, as in River."""
        return self._transform_whole(x)


class FeatureHasher:
    def transform_one(self, x: typing.Any) -> dict[int, int]:
        """Transform a set of features `x`: names are numbers, as in River."""
        return {int(name): value for name, value in self._transform_whole(x).items()}
