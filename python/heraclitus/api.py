"""All of River's modules that are here, under one name."""

from __future__ import annotations

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec

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
    "preprocessing",
    "proba",
    "reco",
    "stats",
    "stream",
    "tree",
    "utils",
)

__all__ = [name for name in _MODULES if _find_spec(f"heraclitus.{name}")]

for _name in __all__:
    globals()[_name] = _import_module(f"heraclitus.{_name}")
