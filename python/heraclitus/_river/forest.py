"""Forests: adaptive ones of Hoeffding trees, aggregated ones of Mondrian trees."""

from __future__ import annotations

import math
import random
import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, take
from .ensemble import RNG, read_rng, write_rng
from .stats import VAR, read_var, write_var
from .tree import CLASS_TREE, give_tree, read_tree, take_tree, write_tree

_HEAD = w.Pair(RNG, w.WHOLE)


class _Adaptive(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        count = model.max_features if model.data else 0
        out = w.block(_HEAD, (read_rng(model._rng), count), names)
        for i in range(model.n_models):
            tree = model.data[i] if model.data else model._new_base_model()
            behind = model._background[i] if model._background else None
            counts = [(of or {}).get(i, 0) for of in (model._drift_tracker, model._warning_tracker)]
            out += self.trees(tree, behind, counts, names)
            out += b"".join(take(of, names) for of in _followers(model, i))
        return out

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        rng, count = blocks.get(_HEAD, names)
        write_rng(model._rng, rng)
        if count:
            model.max_features = count
            model.data = [model._new_base_model() for _ in range(model.n_models)]
        for i in range(model.n_models):
            tree = model.data[i] if count else model._new_base_model()
            behind = model._new_base_model()
            *counts, has_behind = self.put_trees(tree, behind, blocks, names)
            if has_behind:
                model._background[i] = behind
            trackers = (model._drift_tracker, model._warning_tracker)
            for tracker, n in zip(trackers, counts, strict=True):
                if n:
                    tracker[i] = n
            for of in _followers(model, i):
                give(of, blocks, names)

    def trees(self, tree: typing.Any, behind: typing.Any, counts: list, names: Names) -> bytes:
        """A tree, the one behind it, how often drifts and warnings came."""
        raise NotImplementedError

    def put_trees(
        self, tree: typing.Any, behind: typing.Any, blocks: w.Blocks, names: Names
    ) -> tuple[int, int, bool]:
        """Puts them into River's; the counts, and whether there is one behind."""
        raise NotImplementedError


def _followers(model: typing.Any, i: int) -> tuple:
    """A tree's metric and detectors."""
    drift = model.drift_detector
    if not model._drift_detection_disabled:
        drift = model._drift_detectors[i]
    warning = model.warning_detector
    if not model._warning_detection_disabled:
        warning = model._warning_detectors[i]
    return model._metrics[i], drift, warning


@named("ARFClassifier")
class _Classifier(_Adaptive):
    layout = w.Pair(CLASS_TREE, w.Maybe(CLASS_TREE), w.Pair(w.WHOLE, w.WHOLE))

    def trees(self, tree: typing.Any, behind: typing.Any, counts: list, names: Names) -> bytes:
        second = None if behind is None else read_tree(behind, names, True)
        return w.block(self.layout, (read_tree(tree, names, True), second, counts), names)

    def put_trees(
        self, tree: typing.Any, behind: typing.Any, blocks: w.Blocks, names: Names
    ) -> tuple[int, int, bool]:
        first, second, counts = blocks.get(self.layout, names)
        write_tree(tree, first)
        if second is not None:
            write_tree(behind, second)
        return *counts, second is not None


@named("ARFRegressor")
class _Regressor(_Adaptive):
    layout = w.Pair(w.TRUTH, w.WHOLE, w.WHOLE)

    def take(self, model: typing.Any, names: Names) -> bytes:
        errors = [read_var(var) for var in model._drift_norm]
        return super().take(model, names) + w.block(w.Many(VAR), errors, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        super().give(model, blocks, names)
        for var, state in zip(model._drift_norm, blocks.get(w.Many(VAR), names), strict=True):
            write_var(var, state)

    def trees(self, tree: typing.Any, behind: typing.Any, counts: list, names: Names) -> bytes:
        out = w.block(self.layout, (behind is not None, *counts), names)
        out += take_tree(tree, names, False)
        return out + (b"" if behind is None else take_tree(behind, names, False))

    def put_trees(
        self, tree: typing.Any, behind: typing.Any, blocks: w.Blocks, names: Names
    ) -> tuple[int, int, bool]:
        has_behind, *counts = blocks.get(self.layout, names)
        give_tree(tree, blocks, names, False)
        if has_behind:
            give_tree(behind, blocks, names, False)
        return *counts, has_behind


_NODE = w.Row(
    time=w.NUMBER,
    threshold=w.NUMBER,
    weight=w.NUMBER,
    log_weight_tree=w.NUMBER,
    share=w.NUMBER,
    n=w.NUMBER,
    feature=w.FEATURE,
    parent=w.INDEX,
    children=w.Pair(w.INDEX, w.INDEX),
)
_MONDRIAN = w.Row(
    nodes=w.Many(_NODE),
    boxes=w.Many(w.NUMBER),
    width=w.WHOLE,
    numbers=w.Many(w.NUMBER),
    depth=w.WHOLE,
    rng=RNG,
)
_LEAF = {"time": 0.0, "threshold": 0.0, "weight": 0.0, "log_weight_tree": 0.0, "share": 0.5}
_LEAF |= {"n": 0.0, "feature": None, "parent": None, "children": (None, None)}


def _share(node: typing.Any) -> float:
    """How much of the mixture of a node and all below it is its own."""
    if node.is_leaf:
        return 1.0
    a, b = node.weight, sum(child.log_weight_tree for child in node.children)
    small = math.exp(-abs(a - b))
    return (1.0 if a > b else small) / (1.0 + small)


class _Aggregated(State):
    def _trees(self, model: typing.Any, names: Names) -> list[dict]:
        if model.data:
            return [self._tree(tree, names) for tree in model.data]
        # River plants its trees at the first event, with seeds that are drawn then.
        drawn, trees = random.Random(), []
        drawn.setstate(model._rng.getstate())
        for _ in range(model.n_estimators):
            rng = read_rng(random.Random(drawn.randint(0, 9999999)))
            numbers = {"boxes": [], "width": 0, "numbers": [], "depth": 0}
            trees.append({"nodes": [_LEAF], **numbers, "rng": rng})
        return trees

    def _tree(self, tree: typing.Any, names: Names) -> dict:
        nodes, open_ = [], [tree._root]
        while open_:
            node = open_.pop()
            nodes.append(node)
            open_.extend(reversed(getattr(node, "children", ())))
        places = {id(node): i for i, node in enumerate(nodes)}
        features = {key for node in nodes for key in node.memory_range_min}
        width = max((names.feature(key) + 1 for key in sorted(features, key=str)), default=0)
        keys = [names.key(i) for i in range(width)]
        boxes: list[float] = []
        for node in nodes:
            boxes += [node.memory_range_min.get(key, math.nan) for key in keys]
            boxes += [node.memory_range_max.get(key, math.nan) for key in keys]
        numbers = [self.numbers(tree, node, names) for node in nodes]
        return {
            "nodes": [_read_node(node, places) for node in nodes],
            "boxes": boxes,
            "width": width,
            "numbers": [number for of in numbers for number in of],
            "depth": len(numbers[0]),
            "rng": read_rng(tree._rng),
        }

    def _put_trees(self, model: typing.Any, trees: list[dict], names: Names) -> None:
        if not any(tree["nodes"][0]["n"] for tree in trees):
            return
        model._initialize_trees()
        for tree, state in zip(model.data, trees, strict=True):
            write_rng(tree._rng, state["rng"])
            tree._n_nodes = len(state["nodes"])
            tree.iteration = max(1, int(state["nodes"][0]["n"]))
            self._root(tree, state, names)

    def _root(self, tree: typing.Any, state: dict, names: Names) -> None:
        width, depth = state["width"], state["depth"]
        made: list = [None] * len(state["nodes"])
        open_ = [(0, None, 0)]
        while open_:
            at, parent, level = open_.pop()
            row = state["nodes"][at]
            made[at] = node = self._made(row, parent, level)
            node.weight, node.log_weight_tree = row["weight"], row["log_weight_tree"]
            node.n_samples = int(row["n"]) if row["n"].is_integer() else row["n"]
            low, high = 2 * at * width, (2 * at + 1) * width
            for ranges, start in ((node.memory_range_min, low), (node.memory_range_max, high)):
                found = enumerate(state["boxes"][start : start + width])
                ranges.update({names.key(i): v for i, v in found if v == v})
            self.put_numbers(tree, node, state["numbers"][at * depth : (at + 1) * depth], names)
            if row["children"][0] is not None:
                open_ += [(child, node, level + 1) for child in row["children"]]
        for row, node in zip(state["nodes"], made, strict=True):
            if node is not None and row["children"][0] is not None:
                node.children = tuple(made[child] for child in row["children"])
        tree._root = made[0]

    def _made(self, row: dict, parent: typing.Any, level: int) -> typing.Any:
        from river.tree.mondrian import mondrian_tree_nodes as nodes

        if row["children"][0] is None:
            return getattr(nodes, f"MondrianLeaf{self.kind}")(parent, row["time"], level)
        branch = getattr(nodes, f"MondrianBranch{self.kind}")
        return branch(parent, row["time"], level, row["feature"], row["threshold"])

    kind: typing.ClassVar[str]

    def numbers(self, tree: typing.Any, node: typing.Any, names: Names) -> list[float]:
        """What a node predicts from."""
        raise NotImplementedError

    def put_numbers(
        self, tree: typing.Any, node: typing.Any, numbers: list[float], names: Names
    ) -> None:
        """Gives it to River's node."""
        raise NotImplementedError


def _read_node(node: typing.Any, places: dict[int, int]) -> dict:
    children = getattr(node, "children", ())
    return {
        "time": node.time,
        "threshold": getattr(node, "threshold", 0.0),
        "weight": node.weight,
        "log_weight_tree": node.log_weight_tree,
        "share": _share(node),
        "n": node.n_samples,
        "feature": getattr(node, "feature", None),
        "parent": None if node.parent is None else places[id(node.parent)],
        "children": [places[id(child)] for child in children] or (None, None),
    }


@named("AMFClassifier")
class _AmfClassifier(_Aggregated):
    layout = w.Row(trees=w.Many(_MONDRIAN), met=w.ByClass(w.TRUTH, False))
    kind = "Classifier"

    def take(self, model: typing.Any, names: Names) -> bytes:
        met = dict.fromkeys(sorted(model._classes, key=str), True)
        for label in met:
            names.class_of(label)
        self._end = max((names.class_of(label) + 1 for label in met), default=0)
        state = {"trees": self._trees(model, names), "met": met}
        return w.block(self.layout, state, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        state = blocks.get(self.layout, names)
        model._classes = set(state["met"])
        self._put_trees(model, state["trees"], names)
        for tree in model.data:
            tree._classes = set(state["met"])
            tree._idx_to_class = list(names.labels)
            tree._class_to_idx = {label: i for i, label in enumerate(names.labels)}

    def numbers(self, tree: typing.Any, node: typing.Any, names: Names) -> list[float]:
        found = [0.0] * self._end
        for label, count in zip(tree._idx_to_class, node.counts, strict=False):
            found[names.class_of(label)] = float(count)
        return found

    def put_numbers(
        self, tree: typing.Any, node: typing.Any, numbers: list[float], names: Names
    ) -> None:
        node.counts = [int(n) if n.is_integer() else n for n in numbers]


@named("AMFRegressor")
class _AmfRegressor(_Aggregated):
    layout = w.Row(trees=w.Many(_MONDRIAN), iteration=w.WHOLE)
    kind = "Regressor"

    def take(self, model: typing.Any, names: Names) -> bytes:
        state = {"trees": self._trees(model, names), "iteration": model.iteration}
        return w.block(self.layout, state, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        state = blocks.get(self.layout, names)
        self._put_trees(model, state["trees"], names)
        model.iteration = state["iteration"]

    def numbers(self, tree: typing.Any, node: typing.Any, names: Names) -> list[float]:
        return [node._mean._mean]

    def put_numbers(
        self, tree: typing.Any, node: typing.Any, numbers: list[float], names: Names
    ) -> None:
        node._mean.n, node._mean._mean = node.n_samples, numbers[0] if numbers else 0.0
