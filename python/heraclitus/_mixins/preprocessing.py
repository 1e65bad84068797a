"""Additions to the transformers."""

from __future__ import annotations

import collections.abc
import math
import typing

from .. import _kinds
from .._spec import to_spec
from ._encoders import OneHotEncoder, OrdinalEncoder
from ._scalers import Binarizer, MaxAbsScaler, MinMaxScaler, StandardScaler

__all__ = [
    "Binarizer",
    "FeatureHasher",
    "MaxAbsScaler",
    "MinMaxScaler",
    "OneHotEncoder",
    "OrdinalEncoder",
    "PredClipper",
    "PreviousImputer",
    "StandardScaler",
    "StatImputer",
    "TargetMinMaxScaler",
    "TargetStandardScaler",
]

Params = collections.abc.Iterator[dict[str, typing.Any]]


class PredClipper:
    @classmethod
    def _unit_test_params(cls) -> Params:
        from ..linear_model import LinearRegression

        yield {"regressor": LinearRegression(), "y_min": -math.inf, "y_max": math.inf}

    def predict_one(self, x: typing.Any) -> typing.Any:
        """Predict the number of a set of features `x`, within the limits."""
        predicted = _kinds.Regressor.predict_one(self, x)
        for limit in (self.y_min, self.y_max):
            if predicted == limit:
                return limit  # as it was given, such as an `int`
        return predicted

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


def _filled(self: typing.Any, x: dict[typing.Any, typing.Any]) -> dict[typing.Any, typing.Any]:
    """Transform a set of features `x`: what is there stays as it is, what is missing is filled."""
    out = _kinds.Transformer.transform_one(self, x)
    kept = {f: v if v is not None else out[f] for f, v in x.items() if v is not None or f in out}
    return kept | {f: v for f, v in out.items() if f not in kept}


class StatImputer:
    transform_one = _filled

    @property
    def stats(self: typing.Any) -> dict[typing.Any, typing.Any]:
        """What fills each feature: a statistic, as it was given, or a constant."""
        return dict(self.imputers)


class PreviousImputer:
    transform_one = _filled


class FeatureHasher:
    def transform_one(self, x: typing.Any) -> dict[int, int]:
        """Transform a set of features `x`: names are numbers, as in River."""
        return {int(name): value for name, value in self._transform_whole(x).items()}
