"""Asking what an object is, without loading the module that says so."""

from __future__ import annotations

import sys
import typing


def is_a(obj: typing.Any, module: str, name: str) -> bool:
    """Whether an object is of a class, which it can only be if the class's module is loaded.

    So evaluation depends on none of the modules whose models and metrics it treats in their own
    way.
    """
    loaded = sys.modules.get(f"heraclitus.{module}")
    cls = getattr(loaded, name, None)
    return cls is not None and isinstance(obj, cls)
