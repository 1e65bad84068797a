"""Splitters of River, with what our leaves keep."""

from __future__ import annotations

import typing

from .tree_parts import new_var, plain


def put_splitters(leaf: typing.Any, state: dict, classes: bool) -> None:
    """Gives a leaf of River its splitters, in the order in which its features came."""
    if not state["active"]:
        leaf.splitters = None
        return
    columns = state["columns"]
    found: list[tuple] = []
    for at, (key, born) in enumerate(zip(columns["ids"], columns["born"], strict=True)):
        splitter = leaf.splitter.clone()
        (_put_classes if classes else _put_targets)(splitter, state["observers"], at)
        found.append((born, key, splitter))
    for nominal in state["nominals"]:
        splitter = leaf.new_nominal_splitter()
        (_nominal_classes if classes else _nominal_targets)(splitter, nominal["values"])
        found.append((nominal["born"], nominal["id"], splitter))
    found.sort(key=lambda of: of[0])
    leaf.splitters = {key: splitter for _, key, splitter in found if key is not None}
    leaf._disabled_attrs = set(columns["disabled"])
    if hasattr(leaf, "feature_indices"):
        leaf.feature_indices = columns["subspace"]


def _put_classes(splitter: typing.Any, observers: tuple, at: int) -> None:
    kind, inside = observers
    if kind == "gaussian":
        rows = [row for row in inside["columns"]["rows"] if row["n"][at] > 0.0]
        for row in sorted(rows, key=lambda row: row["born"][at]):
            _gaussian(splitter, row, at)
    elif kind == "histogram":
        from river.sketch.histogram import Bin

        for label, histogram in inside["columns"][at]:
            new = splitter.hists[label]
            for b in histogram["bins"]:
                new.append(Bin(b["left"], b["right"], b["count"]))
            new.n = int(histogram["n"])
    else:
        splitter._root = _exhaustive(inside["columns"][at])


def _gaussian(splitter: typing.Any, row: dict, at: int) -> None:
    from river import proba

    label, gaussian = row["label"], proba.Gaussian()
    gaussian._var = new_var({name: row[name][at] for name in ("n", "mean", "squares")})
    splitter._att_dist_per_class[label] = gaussian
    splitter._min_per_class[label] = row["min"][at]
    splitter._max_per_class[label] = row["max"][at]


def _linked(nodes: list[dict], made: list) -> None:
    for node, new in zip(nodes, made, strict=True):
        for side in ("left", "right"):
            below = node[side]
            setattr(new, f"_{side}", None if below is None else made[below])


def _exhaustive(nodes: list[dict]) -> typing.Any:
    from river.tree.splitter.exhaustive_splitter import ExhaustiveNode

    made = []
    for node in nodes:
        new = ExhaustiveNode(node["value"], None, 0.0)
        for counts, name in ((new.class_count_left, "below"), (new.class_count_right, "above")):
            counts.clear()
            counts.update(node[name])
        made.append(new)
    _linked(nodes, made)
    return made[0] if made else None


def _put_targets(splitter: typing.Any, observers: list, at: int) -> None:
    kind, inside = observers[at]
    if kind == "search":
        from river.tree.splitter.ebst_splitter import EBSTNode

        made = []
        for node in inside["nodes"]:
            new = EBSTNode(node["value"], 0.0, 1.0)
            new.estimator = new_var(node["below"])
            made.append(new)
        # Nodes that are not used link to one another, and to none that is.
        _linked(inside["nodes"], made)
        splitter._root = None if inside["root"] is None else made[inside["root"]]
        return
    from river.tree.splitter.qo_splitter import Slot

    for slot in inside:
        new = Slot(0.0, 0.0)
        new.x_stats.n, new.x_stats._mean = slot["x_n"], slot["x_mean"]
        new.y_stats = new_var(slot["y"])
        splitter._quantizer.hash[int(slot["at"])] = new


def _nominal_classes(splitter: typing.Any, values: list) -> None:
    for value, dist in values:
        splitter._att_values.add(plain(value))
        for label, weight in dist:
            splitter._att_dist_per_class[label][plain(value)] = weight
            splitter._total_weight_observed += weight


def _nominal_targets(splitter: typing.Any, values: list) -> None:
    for value, moments in values:
        splitter._statistics[plain(value)] = new_var(moments)
