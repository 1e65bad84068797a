"""Parameters that are objects in River and plain data here: splitters and search engines."""

from __future__ import annotations

import collections
import functools
import importlib
import inspect
import typing

__all__ = ["as_data", "as_object", "is_data"]

#: Where River has such objects, and which parameters of ours they are.
_MODULES = {"splitter": "river.tree.splitter", "engine": "river.neighbors"}
#: What trees take when no splitter is given.
_DEFAULTS = ({"GaussianSplitter": {"n_splits": 10}}, {"TEBSTSplitter": {"digits": 1}})
#: What River calls Euclid's distance, inside of an engine and outside.
_EUCLID = ("euclidean_distance_tuple", "euclidean_distance", "_euclidean_distance")


def is_data(parameter: str, value: typing.Any) -> bool:
    """Whether a parameter's value stands for another one of River."""
    if parameter == "drift_detection_criteria":
        return True
    return parameter in _MODULES and isinstance(value, str | dict)


def as_data(parameter: str, value: typing.Any) -> typing.Any:
    """River's object as data; `None` where it is what is taken anyway."""
    if parameter == "limits" and isinstance(value, dict):
        # River adds every feature that it met to those that were given.
        return {key: of for key, of in value.items() if of != (0.0, 1.0)} or None
    if parameter == "drift_detection_criteria":
        return None  # River's members follow predictions, whatever it says
    if parameter == "window" and isinstance(value, collections.deque):
        return None  # where a KSWIN is by now
    cls = type(value)
    if parameter not in _MODULES or not cls.__module__.startswith("river."):
        return value
    params = {}
    for name in list(inspect.signature(cls.__init__).parameters)[1:]:
        found = getattr(value, name)
        if name == "dist_func":
            found = _distance(found)
        if found is not None:
            params[name] = found
    spec = {cls.__name__: params}
    return None if parameter == "splitter" and spec in _DEFAULTS else spec


def _distance(function: typing.Any) -> typing.Any:
    # Engines of models wrap what they are given, to look at the features only.
    inside = getattr(function, "distance_function", function)
    if getattr(inside, "__name__", "") in _EUCLID:
        return None
    if isinstance(inside, functools.partial) and inside.func.__name__ == "minkowski_distance":
        return {"minkowski_distance": {"p": inside.keywords["p"]}}
    raise TypeError(
        f"the distance {inside!r} is Python code: here it is Euclid's or Minkowski's"
    )


def as_object(parameter: str, value: typing.Any) -> typing.Any:
    """What data stands for in River."""
    if parameter == "drift_detection_criteria":
        if value == "error":
            raise TypeError(
                f"with {parameter}={value!r} this model follows its errors; River's follow their "
                "predictions, whatever it says"
            )
        return "error"
    name, params = (value, {}) if isinstance(value, str) else next(iter(value.items()))
    params = dict(params)
    if (distance := params.pop("dist_func", None)) is not None:
        params["dist_func"] = _function(distance)
    return getattr(importlib.import_module(_MODULES[parameter]), name)(**params)


def _function(distance: typing.Any) -> typing.Any:
    from river import utils

    if isinstance(distance, dict) and "minkowski_distance" in distance:
        p = distance["minkowski_distance"]["p"]
        return functools.partial(utils.math.minkowski_distance, p=p)
    return utils.math._euclidean_distance
