"""How much memory an object holds."""

from __future__ import annotations

import gc
import math
import sys
import types
import typing

# Through these one would reach the whole interpreter: a class knows its module, a function its
# globals.
_SHARED = (type, types.ModuleType, types.FunctionType)


def memory_usage(obj: typing.Any) -> int:
    """The bytes of an object and of all that it refers to, each thing counted once."""
    # An array can only be met if its library is loaded already.
    numpy = sys.modules.get("numpy")
    seen: set[int] = set()
    size = 0
    level: list[typing.Any] = [obj]
    while level:
        fresh, owners = [], []
        for thing in level:
            if isinstance(thing, _SHARED) or id(thing) in seen:
                continue
            seen.add(id(thing))
            fresh.append(thing)
            size += sys.getsizeof(thing)
            # A view doesn't own its numbers, and the collector doesn't see who does.
            if numpy is not None and isinstance(thing, numpy.ndarray) and thing.base is not None:
                owners.append(thing.base)
        level = gc.get_referents(*fresh) + owners
    return size


def humanize_bytes(n_bytes: int) -> str:
    """A number of bytes for people.

    Parameters
    ----------
    n_bytes
        The number.

    Examples
    --------

    >>> from heraclitus.base._memory import humanize_bytes
    >>> humanize_bytes(3 * 1024 * 1024 // 2)
    '1.5 MiB'

    """
    units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    rank = min(int(math.log10(n_bytes) / 3), len(units) - 1) if n_bytes > 0 else 0
    number = f"{n_bytes / 1024**rank:.2f}".rstrip("0").rstrip(".")
    return f"{number} {units[rank]}"
