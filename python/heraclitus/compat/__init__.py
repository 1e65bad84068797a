"""Models of scikit-learn as models of this package, and the other way round.

scikit-learn is loaded when something of this module is used.
"""

from __future__ import annotations

import importlib
import typing

_WHERE = {
    "River2SKLClassifier": "river_to_sklearn",
    "River2SKLClusterer": "river_to_sklearn",
    "River2SKLRegressor": "river_to_sklearn",
    "River2SKLTransformer": "river_to_sklearn",
    "SKL2RiverClassifier": "sklearn_to_river",
    "SKL2RiverRegressor": "sklearn_to_river",
    "convert_river_to_sklearn": "river_to_sklearn",
    "convert_sklearn_to_river": "sklearn_to_river",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> typing.Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f".{_WHERE[name]}", __name__)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("sklearn", "numpy"):
            raise
        what = f"compat.{name} needs `scikit-learn`: pip install scikit-learn"
        raise ImportError(what) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return list(__all__)
