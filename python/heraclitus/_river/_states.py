"""What an estimator of River has learned, as the state of ours, and back: one entry for each."""

from __future__ import annotations

import functools
import importlib
import typing

from ._names import Names
from ._rebuild import rebuilt
from ._wire import Blocks, Kind, block, frame

__all__ = ["State", "find", "give", "named", "stateless", "take"]

_STATES: dict[str, State] = {}
#: Where the entries are, by the module that River has the estimator in.
_MODULES = (
    "anomaly",
    "cluster",
    "compose",
    "drift",
    "dummy",
    "ensemble",
    "ensemble_patches",
    "feature_extraction",
    "forest",
    "linear_model",
    "metrics",
    "multiclass",
    "naive_bayes",
    "neighbors",
    "optim",
    "preprocessing",
    "stats",
    "tree",
)


class State:
    """How one estimator's state crosses.

    Most states are one block: `layout` says what lies in it, `read` takes it from River's object
    and `write` puts it there. An estimator with others inside of it has its own `take` and `give`.
    """

    #: The version of the layout, as in the estimator's row of the catalogue.
    version: typing.ClassVar[int] = 1
    layout: typing.ClassVar[Kind]

    def read(self, model: typing.Any) -> typing.Any:
        """What River's object has learned."""
        raise NotImplementedError

    def write(self, model: typing.Any, state: typing.Any) -> None:
        """Puts what was learned into River's object, which is new."""
        raise NotImplementedError

    def take(self, model: typing.Any, names: Names) -> bytes:
        """The state of River's object, as ours has it."""
        return block(self.layout, self.read(model), names)

    def give(self, model: typing.Any, blocks: Blocks, names: Names) -> None:
        """Gives River's object the state of ours."""
        self.write(model, blocks.get(self.layout, names))


def named(*estimators: str) -> typing.Callable[[type[State]], type[State]]:
    """Enters a class of states under the names of estimators."""

    def enter(cls: type[State]) -> type[State]:
        _STATES.update(dict.fromkeys(estimators, cls()))
        return cls

    return enter


def stateless(*estimators: str) -> None:
    """Enters estimators that learn nothing, and have one empty block."""

    class Nothing(State):
        def take(self, model: typing.Any, names: Names) -> bytes:
            return b"\0\0\0\0"

        def give(self, model: typing.Any, blocks: Blocks, names: Names) -> None:
            pass

    named(*estimators)(Nothing)


@functools.cache
def _read_all() -> None:
    for module in _MODULES:
        importlib.import_module(f"{__package__}.{module}")


def find(name: str) -> State:
    """How the state of an estimator crosses; refuses by name what is not known."""
    _read_all()
    found = _STATES.get(name)
    if found is None:
        raise TypeError(
            f"what a {name} has learned can't be taken along yet; with learned=False its "
            "parameters are"
        )
    return found


def take(model: typing.Any, names: Names) -> bytes:
    """What River's object has learned, with its name and version in front."""
    name = type(model).__name__
    state = find(name)
    if not type(model).__module__.startswith("river."):
        raise TypeError(f"this {name} is of {type(model).__module__}, and not River's")
    if name in names.afresh:
        return rebuilt(model, "river", "heraclitus")._keep()[1]
    return frame(name, state.version, state.take(model, names))


def give(model: typing.Any, blocks: Blocks, names: Names) -> None:
    """Gives River's object the next state of ours."""
    name, version, inside = blocks.frame()
    own = type(model).__name__
    state = find(own)
    if own in names.afresh:
        return
    if own != name:
        raise ValueError(f"this is the state of a {name}, not of a {type(model).__name__}")
    if version != state.version:
        raise ValueError(
            f"the state of {name} has version {version}, known here is {state.version}"
        )
    state.give(model, inside, names)
