"""The last events, to look for near ones among them."""

from __future__ import annotations

import typing

from . import _wire as w
from ._names import Names
from ._states import State, named

_WINDOW = w.Row(
    stride=w.WHOLE,
    lengths=w.Many(w.WHOLE),
    ids=w.Many(w.WHOLE),
    values=w.Many(w.NUMBER),
    targets=w.Many(w.NUMBER),
    weights=w.Many(w.NUMBER),
    next=w.WHOLE,
)
#: Where a graph would be there is none: models with one are refused.
_INDEX = w.Row(window=_WINDOW, has_graph=w.TRUTH)


def _check(has_graph: bool) -> None:
    if has_graph:
        raise TypeError(
            "what a SWINN has learned can't be taken along once it has made its graph (from "
            "warm_up events on): River searches it in the order of CPython's sets, and from a "
            "place that each prediction draws; a LazySearch of the same events is taken along"
        )


def _read_index(engine: typing.Any, names: Names, target: typing.Callable) -> dict:
    _check(getattr(engine, "_index", False))
    lazy = hasattr(engine, "window")
    items = [of[0] for of in engine.window] if lazy else [node.item for node in engine]
    stride = max((len(x) for x, _ in items), default=0)
    window: dict[str, typing.Any] = {"stride": stride, "lengths": [], "ids": [], "values": []}
    for x, _ in items:
        found = sorted((names.feature(key), value) for key, value in x.items())
        gap = stride - len(found)
        window["lengths"].append(len(found))
        window["ids"] += [at for at, _ in found] + [0] * gap
        window["values"] += [value for _, value in found] + [0.0] * gap
    window["targets"] = [target(y) for _, y in items]
    window["weights"] = [1.0] * len(items)
    most = engine.window_size if lazy else engine.maxlen
    window["next"] = 0 if len(items) == most else len(items)
    return {"window": window, "has_graph": False}


def _write_index(engine: typing.Any, state: dict, names: Names, target: typing.Callable) -> None:
    window = state["window"]
    if any(weight != 1.0 for weight in window["weights"]):
        raise TypeError("River's neighbors have no weights, and this model learned with some")
    n, stride = len(window["lengths"]), window["stride"]
    for at in (*range(window["next"], n), *range(min(window["next"], n))):
        places = range(at * stride, at * stride + window["lengths"][at])
        x = {names.key(window["ids"][i]): window["values"][i] for i in places}
        engine.append((x, target(window["targets"][at])))


class _Nearest(State):
    classes: typing.ClassVar[bool]

    def take(self, model: typing.Any, names: Names) -> bytes:
        target = names.class_of if self.classes else float
        return w.block(self.layout, self._state(model, names, target), names)

    def _state(self, model: typing.Any, names: Names, target: typing.Callable) -> dict:
        return {"index": _read_index(model._nn, names, target)}

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        _check(_has_graph(blocks))
        state = blocks.get(self.layout, names)
        target = (lambda y: names.labels[int(y)]) if self.classes else float
        _write_index(model._nn, state["index"], names, target)
        self._put(model, state)

    def _put(self, model: typing.Any, state: dict) -> None:
        pass


def _has_graph(blocks: w.Blocks) -> bool:
    source = w.Source(blocks.peek())
    _WINDOW.take(source, Names())
    return source.take(1) == b"\x01"


@named("KNNClassifier")
class _Classifier(_Nearest):
    classes = True
    layout = w.Row(index=_INDEX, classes=w.ByClass(w.TRUTH, False), since_cleanup=w.WHOLE)

    def _state(self, model: typing.Any, names: Names, target: typing.Callable) -> dict:
        index = super()._state(model, names, target)
        classes = dict.fromkeys(sorted(model.classes, key=names.class_of), True)
        since = model.cleanup_every - model._cleanup_counter
        return {**index, "classes": classes, "since_cleanup": since}

    def _put(self, model: typing.Any, state: dict) -> None:
        model.classes = set(state["classes"])
        model._cleanup_counter = model.cleanup_every - state["since_cleanup"]


@named("KNNRegressor")
class _Regressor(_Nearest):
    classes = False
    layout = w.Row(index=_INDEX)
