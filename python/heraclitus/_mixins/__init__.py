"""What some classes have beyond what the catalogue says of them: written by hand.

`_mixins/preprocessing.py` holds the additions to the generated classes of `preprocessing`, each in
a class of the same name; `mixed` puts them in.
"""

from __future__ import annotations

import importlib
import importlib.util
import types
import typing

T = typing.TypeVar("T", bound=type)


def mixed(cls: T) -> T:
    """The generated class with the additions of its namesake, if it has one."""
    module = cls.__module__.rpartition(".")[2]
    addition = getattr(_additions(module), cls.__name__, None)
    for name, value in vars(addition).items() if addition is not None else ():
        if name not in ("__dict__", "__weakref__", "__module__", "__doc__", "__qualname__"):
            setattr(cls, name, value)
    cls.__module__ = f"heraclitus.{module.replace('_binary', '.binary')}" if module else ""
    return cls


def _additions(module: str) -> types.ModuleType | None:
    name = f"{__name__}.{module}"
    if importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name)
