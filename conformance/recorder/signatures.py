"""Parameters and defaults of River's classes, for our names and defaults to agree with."""

from __future__ import annotations

import inspect
import numbers
from typing import Any

from river import (
    compose,
    drift,
    dummy,
    feature_extraction,
    linear_model,
    metrics,
    multiclass,
    naive_bayes,
    optim,
    preprocessing,
    stats,
    utils,
)

MODULES = {
    "compose": compose,
    "drift": drift,
    "drift.binary": drift.binary,
    "dummy": dummy,
    "feature_extraction": feature_extraction,
    "linear_model": linear_model,
    "metrics": metrics,
    "multiclass": multiclass,
    "naive_bayes": naive_bayes,
    "optim": optim,
    "optim.initializers": optim.initializers,
    "optim.losses": optim.losses,
    "optim.schedulers": optim.schedulers,
    "preprocessing": preprocessing,
    "stats": stats,
    "utils": utils,
}


def record() -> dict[str, Any]:
    """Module -> class -> parameter -> {"default": …} or {"required": true}."""
    found: dict[str, Any] = {"river": "0.26.1"}
    for module_name, module in MODULES.items():
        classes = {}
        for name in sorted(set(getattr(module, "__all__", dir(module)))):
            cls = getattr(module, name, None)
            if inspect.isclass(cls) and cls.__module__.startswith("river"):
                classes[name] = parameters(cls)
        found[module_name] = classes
    return found


def parameters(cls: type) -> dict[str, Any]:
    return {
        name: describe(parameter)
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }


def describe(parameter: inspect.Parameter) -> dict[str, Any]:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return {"list": True}
    if parameter.default is inspect.Parameter.empty:
        return {"required": True}
    return {"default": jsonable(parameter.default)}


def jsonable(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    if isinstance(value, numbers.Number):
        return float(value)
    return value.__name__ if inspect.isclass(value) else repr(value)
