"""What predicts without looking at features."""

from __future__ import annotations

import collections
import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, take


@named("PriorClassifier")
class _Prior(State):
    layout = w.Row(counts=w.ByClass(w.NUMBER), n=w.NUMBER)

    def read(self, model: typing.Any) -> dict:
        return {"counts": model.counts, "n": model.n}

    def write(self, model: typing.Any, state: dict) -> None:
        model.counts = collections.Counter({c: int(n) for c, n in state["counts"].items()})
        model.n = int(state["n"])


@named("NoChangeClassifier")
class _NoChange(State):
    layout = w.Row(last=w.Maybe(w.WHOLE), seen=w.ByClass(w.TRUTH, False))

    def take(self, model: typing.Any, names: Names) -> bytes:
        last = None if not model.classes else names.class_of(model.last_class)
        state = {"last": last, "seen": dict.fromkeys(sorted(model.classes, key=str), True)}
        return w.block(self.layout, state, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        state = blocks.get(self.layout, names)
        model.classes = set(state["seen"])
        if state["last"] is not None:
            model.last_class = names.labels[state["last"]]


@named("StatisticRegressor")
class _Statistic(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        return take(model.statistic, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        give(model.statistic, blocks, names)
