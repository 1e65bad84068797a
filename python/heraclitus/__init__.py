"""Models that never stop learning, with River's classes and arithmetic.

>>> from heraclitus import linear_model, preprocessing
>>> model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
>>> for amount in (1.0, 2.0, 8.0, 9.0):
...     model.learn_one({"amount": amount}, amount > 5)
>>> model.predict_one({"amount": 10.0})
True

Modules are loaded when they are first used.
"""

from __future__ import annotations

import importlib
import typing

from ._native import __version__

#: River's modules, as far as they are here, and ours.
_MODULES = (
    "anomaly",
    "base",
    "cluster",
    "compat",
    "compose",
    "datasets",
    "drift",
    "dummy",
    "ensemble",
    "evaluate",
    "feature_extraction",
    "forest",
    "linear_model",
    "metrics",
    "multiclass",
    "naive_bayes",
    "neighbors",
    "optim",
    "plot",
    "preprocessing",
    "proba",
    "reco",
    "stats",
    "stream",
    "tree",
    "utils",
)
_NAMES = {
    "HouseError": "_refusals",
    "connect": "_doors",
    "from_river": "_river",
    "get_num_threads": "_threads",
    "load": "_shell",
    "open": "_doors",
    "set_num_threads": "_threads",
    "to_river": "_river",
}

__all__ = [*_MODULES, *_NAMES, "__version__"]


def __getattr__(name: str) -> typing.Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
