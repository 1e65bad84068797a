"""Many models of one kind, and the draws between them."""

from __future__ import annotations

import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, take

RNG = w.Row(words=w.Many(w.WHOLE), at=w.WHOLE, spare=w.Maybe(w.NUMBER))


def read_rng(rng: typing.Any) -> dict:
    """Where a `random.Random` is."""
    _, state, spare = rng.getstate()
    return {"words": state[:-1], "at": state[-1], "spare": spare}


def write_rng(rng: typing.Any, state: dict) -> None:
    """Puts a `random.Random` to where another one is."""
    rng.setstate((3, (*state["words"], state["at"]), state["spare"]))


@named("BaggingClassifier", "BaggingRegressor")
class _Bagging(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        members = b"".join(take(member, names) for member in model)
        return w.block(RNG, read_rng(model._rng), names) + members

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        write_rng(model._rng, blocks.get(RNG, names))
        for member in model:
            give(member, blocks, names)
