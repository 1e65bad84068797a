"""Objects of one package made anew in the other one, by their class and parameters."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
import typing

from .._spec import find
from ._data import as_data, as_object, is_data

__all__ = ["counterpart", "package_of", "rebuilt"]


def package_of(value: typing.Any) -> str:
    """The package that an object's class is of."""
    return type(value).__module__.partition(".")[0]


def counterpart(cls: type, package: str) -> type:
    """The class of the same name and place in another package."""
    own, *path = cls.__module__.split(".")
    path = [part.replace("drift_binary", "binary") for part in path if part != "_generated"]
    for place in (path[:2], path[:1]):
        found = getattr(_module(".".join([package, *place])), cls.__name__, None)
        if isinstance(found, type):
            return found
    if package == "heraclitus" and (known := find(cls.__name__)) is not None:
        return known
    raise TypeError(f"{package} has no {cls.__name__}, which is of {own}.{'.'.join(path)}")


def _module(name: str) -> types.ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name) and "." in error.name:
            return None
        raise


def _params(value: typing.Any) -> tuple[list, dict[str, typing.Any]]:
    """The parameters that an object was made with: those without names, and the others."""
    unnamed: list = []
    named: dict[str, typing.Any] = {}
    for name, param in inspect.signature(type(value).__init__).parameters.items():
        # Metrics may share a matrix; what is in it is learned, and no parameter.
        if name in ("self", "cm"):
            continue
        if param.kind == param.VAR_POSITIONAL:
            unnamed.extend(_given(value, name))
        elif param.kind == param.VAR_KEYWORD:
            named.update(getattr(value, name, {}))
        elif name == "max_depth" and getattr(value, name) == sys.getrecursionlimit() - 20:
            named[name] = None  # what River makes of it
        else:
            named[name] = getattr(value, name)
    return unnamed, named


def _given(value: typing.Any, name: str) -> typing.Iterable[typing.Any]:
    found = getattr(value, name, ())
    return found.items() if isinstance(found, dict) else found


def _takes(cls: type, name: str, given: typing.Any, value: typing.Any) -> bool:
    """Whether a class has a parameter. One that it lacks may be left out at its default."""
    known = inspect.signature(cls.__init__).parameters
    if name in known or any(p.kind == p.VAR_KEYWORD for p in known.values()):
        return True
    if given != inspect.signature(type(value).__init__).parameters[name].default:
        raise TypeError(f"{cls.__module__}.{cls.__name__} has no parameter {name!r}: {given!r}")
    return False


def _parameter(name: str, value: typing.Any, source: str, target: str) -> typing.Any:
    if target == "river" and is_data(name, value):
        return as_object(name, value)
    return rebuilt(as_data(name, value), source, target)


def rebuilt(value: typing.Any, source: str, target: str) -> typing.Any:
    """A parameter's value with everything of one package in it made anew in the other one.

    What was learned is not taken along: a parameter is how something begins.
    """
    if isinstance(value, type):
        return counterpart(value, target) if value.__module__.startswith(f"{source}.") else value
    if package_of(value) == source and not isinstance(value, types.FunctionType):
        unnamed, named = _params(value)
        cls = counterpart(type(value), target)
        return cls(
            *(rebuilt(v, source, target) for v in unnamed),
            **{
                n: _parameter(n, v, source, target)
                for n, v in named.items()
                if _takes(cls, n, v, value)
            },
        )
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(rebuilt(v, source, target) for v in value)
    if isinstance(value, dict):
        return {k: rebuilt(v, source, target) for k, v in value.items()}
    return value
