"""Several native steps as one native core.

Between the steps of one core no dict is made and no Python is run. The steps' objects show their
parts of it. What can't be a part (a Python function, a user's own class) keeps the pipeline going
step by step, to the same results.
"""

from __future__ import annotations

import json
import typing

from heraclitus import _native
from heraclitus._shell import Shell

__all__ = ["core_of", "join", "show_parts", "take_apart"]


def core_of(step: typing.Any) -> _native.Native | None:
    """The native core of a step, ready to become a part; `None` when it has none."""
    if isinstance(step, Shell):
        # A subclass of a user's may do something else: it is asked, event by event.
        return step if "_entry" in vars(type(step)) else None
    make = getattr(step, "_own_core", None)
    if make is not None:
        return make()
    if not hasattr(step, "_to_spec"):
        return None
    try:
        spec = json.dumps(step._to_spec())
        core = _native.Native()
        core._build(spec)
    except (TypeError, ValueError):
        return None
    return core


def join(
    whole: _native.Native, kind: str, steps: typing.Iterable[typing.Any], owner: typing.Any
) -> bool:
    """Makes `whole` one core of all steps. False, and nothing has changed, when it can't be."""
    steps = list(steps)
    cores = []
    for step in steps:
        core = core_of(step)
        if core is None:
            return False
        cores.append(core)
    if not cores or not whole._fuse(kind, cores):
        return False
    for step in steps:
        if hasattr(step, "_belongs_to"):
            step._belongs_to(owner)
    return True


def show_parts(
    whole: _native.Native, steps: typing.Iterable[typing.Any], owner: typing.Any
) -> None:
    """Lets steps show the parts of a core that came as one, from a file."""
    for at, step in enumerate(steps):
        if isinstance(step, Shell):
            step._become_part(whole, str(at))
            step._belongs_to(owner)
            step._show_children()
        elif hasattr(step, "_show"):
            step._show(whole, str(at), owner)


def take_apart(steps: typing.Iterable[typing.Any]) -> None:
    """Gives each step a core of its own again, with what it has learned."""
    for step in steps:
        if hasattr(step, "_take_apart"):
            step._take_apart()
