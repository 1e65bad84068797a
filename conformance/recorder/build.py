"""Build a River object from our spec, so that the two can never say different things.

A spec is a name ("StandardScaler"), an object with one key ({"SGD": {"lr": 0.1}}), or a list of
specs (a pipeline). Only the parameters in NESTED hold specs; everything else is a plain value.
"""

from __future__ import annotations

import inspect
import numbers
from typing import Any

from river import (
    compose,
    drift,
    dummy,
    feature_extraction,
    forest,
    linear_model,
    metrics,
    multiclass,
    naive_bayes,
    optim,
    preprocessing,
    stats,
    tree,
)

MODULES = (
    compose,
    preprocessing,
    feature_extraction,
    linear_model,
    naive_bayes,
    multiclass,
    forest,
    dummy,
    optim,
    stats,
    drift,
    drift.binary,
    metrics,
    tree,
)
# River reuses names between modules (`Constant`, `Quantile`); the parameter decides which is meant.
BY_PARAMETER = {
    "loss": (optim.losses,),
    "initializer": (optim.initializers,),
    "lr": (optim.schedulers,),
    "intercept_lr": (optim.schedulers,),
    "optimizer": (optim,),
    "statistic": (stats,),
    "imputers": (stats,),
    "splitter": (tree.splitter,),
}
NESTED = {*BY_PARAMETER, "steps", "transformers", "classifier", "regressor", "leaf_model",
          "drift_detector", "warning_detector"}
TYPES = {"number": numbers.Number, "string": str, "bool": bool, "int": int, "float": float}


def build(spec: Any, parameter: str = "") -> Any:
    """The River object that a spec describes."""
    if isinstance(spec, list):
        return compose.Pipeline(*(build(step) for step in spec))
    if isinstance(spec, int | float):
        return spec
    if isinstance(spec, str):
        return find(spec, parameter)()
    ((name, parameters),) = spec.items()
    return construct(find(name, parameter), parameters)


def find(name: str, parameter: str) -> type:
    for module in BY_PARAMETER.get(parameter, MODULES):
        found = getattr(module, name, None)
        if inspect.isclass(found):
            return found
    raise LookupError(f"River has no {name} for {parameter or 'a step'}")


def construct(cls: type, parameters: dict[str, Any]) -> Any:
    """Call a class by River's parameter names; `*keys` is given as a list under its name."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    kinds = inspect.signature(cls).parameters
    for name, value in parameters.items():
        if kinds[name].kind is inspect.Parameter.VAR_POSITIONAL:
            positional = [argument(name, item) for item in value]
        else:
            named[name] = argument(name, value)
    return cls(*positional, **named)


def argument(name: str, value: Any) -> Any:
    """A parameter's value as Python has it: types, tuples and sets have no JSON form."""
    if name == "imputers":
        feature, fill = value
        return feature, build(fill, name) if isinstance(fill, dict) else fill
    if name in NESTED:
        return build(value, name)
    if name in {"types", "dtype"}:
        return TYPES[value]
    if name == "ngram_range":
        return tuple(value)
    if name == "stop_words":
        return set(value)
    if name == "categories" and any(isinstance(v, list) for v in value.values()):
        return {feature: set(values) for feature, values in value.items()}
    return value
