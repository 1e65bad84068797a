"""What some classes have beyond what the catalogue says of them: written by hand.

`_mixins/preprocessing.py` holds the additions to the generated classes of `preprocessing`, each in
a class of the same name; `mixed` puts them in.
"""

from __future__ import annotations

import importlib
import importlib.util
import types
import typing

from ..base import Wrapper

T = typing.TypeVar("T", bound=type)

#: What a wrapper does with its model: it takes whatever else the model's method may take.
_PASSED_ON = (
    "learn_one",
    "predict_one",
    "predict_proba_one",
    "score_one",
    "learn_many",
    "predict_many",
    "predict_proba_many",
)


def _passing_on(name: str, method: typing.Callable) -> typing.Callable:
    """A wrapper's method, which takes keyword arguments that only its model may know."""

    def learn_one(self: typing.Any, x: typing.Any, *y: typing.Any, **kwargs: typing.Any) -> None:
        method(self, x, *y, **kwargs)

    def learn_many(self: typing.Any, X: typing.Any, *y: typing.Any, **kwargs: typing.Any) -> None:
        method(self, X, *y, **kwargs)

    def predict_one(self: typing.Any, x: typing.Any, **kwargs: typing.Any) -> typing.Any:
        return method(self, x, **kwargs)

    def predict_many(self: typing.Any, X: typing.Any, **kwargs: typing.Any) -> typing.Any:
        return method(self, X, **kwargs)

    kinds = {"learn_one": learn_one, "learn_many": learn_many}
    passing = kinds.get(name) or (predict_many if name.endswith("_many") else predict_one)
    passing.__name__, passing.__doc__ = name, method.__doc__
    return passing


def mixed(cls: T) -> T:
    """The generated class with the additions of its namesake, if it has one."""
    module = cls.__module__.rpartition(".")[2]
    addition = getattr(_additions(module), cls.__name__, None)
    for name, value in vars(addition).items() if addition is not None else ():
        if name not in ("__dict__", "__weakref__", "__module__", "__doc__", "__qualname__"):
            setattr(cls, name, value)
    if issubclass(cls, Wrapper):
        for name in _PASSED_ON:
            if (method := getattr(cls, name, None)) is not None:
                setattr(cls, name, _passing_on(name, method))
    cls.__module__ = f"heraclitus.{module.replace('_binary', '.binary')}" if module else ""
    return cls


def _additions(module: str) -> types.ModuleType | None:
    name = f"{__name__}.{module}"
    if importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name)
