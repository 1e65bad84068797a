"""Parameters and defaults of River's classes, for our names and defaults to agree with."""

from __future__ import annotations

import inspect
import numbers
from typing import Any

from river import (
    anomaly,
    cluster,
    compose,
    drift,
    dummy,
    ensemble,
    feature_extraction,
    forest,
    linear_model,
    metrics,
    multiclass,
    naive_bayes,
    neighbors,
    optim,
    preprocessing,
    stats,
    tree,
    utils,
)

MODULES = {
    "anomaly": anomaly,
    "cluster": cluster,
    "compose": compose,
    "drift": drift,
    "drift.binary": drift.binary,
    "dummy": dummy,
    "ensemble": ensemble,
    "feature_extraction": feature_extraction,
    "forest": forest,
    "linear_model": linear_model,
    "metrics": metrics,
    "multiclass": multiclass,
    "naive_bayes": naive_bayes,
    "neighbors": neighbors,
    "optim": optim,
    "optim.initializers": optim.initializers,
    "optim.losses": optim.losses,
    "optim.schedulers": optim.schedulers,
    "preprocessing": preprocessing,
    "stats": stats,
    "tree": tree,
    "tree.splitter": tree.splitter,
    "utils": utils,
}


def record() -> dict[str, Any]:
    """Module -> class -> parameter -> {"default": …} or {"required": true}.

    Under "bases", each class's interfaces: `base.Classifier`, `stats.base.Univariate`, ….
    """
    found: dict[str, Any] = {"river": "0.26.1", "bases": {}}
    for module_name, module in MODULES.items():
        classes = {}
        for name in sorted(set(getattr(module, "__all__", dir(module)))):
            cls = getattr(module, name, None)
            if inspect.isclass(cls) and cls.__module__.startswith("river"):
                classes[name] = parameters(cls)
                found["bases"][f"{module_name}.{name}"] = bases(cls)
        found[module_name] = classes
    return found


def bases(cls: type) -> list[str]:
    """The interfaces that a class names or inherits, without those that another one implies."""
    interfaces = [
        parent
        for parent in cls.__mro__[1:]
        if parent.__module__.startswith("river.base.") or parent.__module__.endswith(".base")
    ]
    nearest = [
        parent
        for parent in interfaces
        if not any(issubclass(other, parent) and other is not parent for other in interfaces)
    ]
    return [interface(parent) for parent in nearest]


def interface(cls: type) -> str:
    module = cls.__module__.removeprefix("river.")
    module = "base" if module.startswith("base.") else module
    return f"{module}.{cls.__name__}"


def parameters(cls: type) -> dict[str, Any]:
    return {
        name: describe(parameter)
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }


def describe(parameter: inspect.Parameter) -> dict[str, Any]:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return {"list": True}
    keyword = {"keyword": True} if parameter.kind is inspect.Parameter.KEYWORD_ONLY else {}
    if parameter.default is inspect.Parameter.empty:
        return {"required": True} | keyword
    return {"default": jsonable(parameter.default)} | keyword


def jsonable(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    if isinstance(value, numbers.Number):
        return float(value)
    return value.__name__ if inspect.isclass(value) else repr(value)
