"""Hoeffding trees: nodes in a list, and what each leaf keeps."""

from __future__ import annotations

import typing

from . import _wire as w
from . import tree_parts as parts
from ._names import Names
from ._states import State, give, named, take
from .ensemble import RNG, read_rng, write_rng
from .tree_back import put_splitters

_WATCH = w.Maybe(w.Row(error=parts.MOMENTS))
_SPLIT = w.Choice(
    at_most=w.NUMBER,
    slots=w.Row(radius=w.NUMBER, slots=w.Many(w.NUMBER)),
    equals=parts.VALUE,
    one_of=w.Many(parts.VALUE),
)


def _tree(stats: w.Kind, **inside: w.Kind) -> w.Kind:
    leaf = w.Row(
        stats=stats, depth=w.WHOLE, active=w.TRUTH, tried_at=w.NUMBER, **inside, watch=_WATCH
    )
    branch = w.Row(
        feature=w.FEATURE,
        split=_SPLIT,
        depth=w.WHOLE,
        children=w.Many(w.WHOLE),
        stats=stats,
        watch=_WATCH,
        alternate=w.Maybe(w.WHOLE),
    )
    return w.Row(
        nodes=w.Many(w.Choice(leaf=leaf, branch=branch, free=w.Row())),
        free=w.Many(w.WHOLE),
        root=w.Maybe(w.WHOLE),
        n_active=w.SIGNED,
        n_inactive=w.SIGNED,
        growth_allowed=w.TRUTH,
        weight_seen=w.NUMBER,
    )


CLASS_TREE = w.Row(
    tree=_tree(
        parts.DIST,
        majority_right=w.NUMBER,
        bayes_right=w.NUMBER,
        columns=parts.COLUMNS,
        observers=parts.CLASS_OBSERVERS,
        nominals=parts.nominals(parts.DIST),
    ),
    met=w.ByClass(w.TRUTH, False),
)
TARGET_TREE = w.Row(
    tree=_tree(
        parts.MOMENTS,
        mean_errors=w.NUMBER,
        model_errors=w.NUMBER,
        columns=parts.COLUMNS,
        observers=w.Many(parts.TARGET_OBSERVER),
        nominals=parts.nominals(parts.MOMENTS),
    )
)


def nodes_of(tree: typing.Any) -> list:
    """All nodes of River's tree, each before what is below it."""
    found, open_ = [], [] if tree._root is None else [tree._root]
    while open_:
        node = open_.pop()
        found.append(node)
        below = list(getattr(node, "children", ()))
        if (alternate := getattr(node, "_alternate_tree", None)) is not None:
            below.append(alternate)
        open_.extend(reversed(below))
    return found


def read_tree(tree: typing.Any, names: Names, classes: bool) -> dict:
    """The state of River's tree, without the children inside of it."""
    nodes = nodes_of(tree)
    places = {id(node): i for i, node in enumerate(nodes)}
    rows = []
    for node in nodes:
        if hasattr(node, "children"):
            rows.append(("branch", _read_branch(node, places, classes)))
        else:
            rows.append(("leaf", _read_leaf(tree, node, names, classes)))
    state = {
        "tree": {
            "nodes": rows,
            "free": [],
            "root": 0 if nodes else None,
            "n_active": tree._n_active_leaves,
            "n_inactive": tree._n_inactive_leaves,
            "growth_allowed": tree._growth_allowed,
            "weight_seen": tree._train_weight_seen_by_model,
        }
    }
    if classes:
        state["met"] = dict.fromkeys(sorted(tree.classes, key=names.class_of), True)
    return state


def _read_stats(stats: typing.Any, classes: bool) -> typing.Any:
    return list(stats.items()) if classes else parts.read_var(stats)


def _read_watch(node: typing.Any) -> dict | None:
    if not hasattr(node, "drift_detector"):
        return None
    if hasattr(node, "_error_tracker"):
        return {"error": parts.read_var(node._error_tracker)}
    mean = node._mean_error
    return {"error": {"n": mean.n, "mean": mean._mean, "squares": 0.0}}


def _read_leaf(tree: typing.Any, leaf: typing.Any, names: Names, classes: bool) -> dict:
    columns, number, nominal = parts.split_columns(leaf, names)
    state = {
        "stats": _read_stats(leaf.stats, classes),
        "depth": leaf.depth,
        "active": leaf.is_active(),
        "tried_at": leaf.last_split_attempt_at,
        "columns": columns,
        "nominals": parts.read_nominals(nominal, classes),
        "watch": _read_watch(leaf),
    }
    if classes:
        state["majority_right"] = getattr(leaf, "_mc_correct_weight", 0.0)
        state["bayes_right"] = getattr(leaf, "_nb_correct_weight", 0.0)
        state["observers"] = parts.read_class_observers(tree.splitter, leaf, number)
        columns["events"] += len(leaf.stats)
    else:
        state["mean_errors"] = getattr(leaf, "_fmse_mean", 0.0)
        state["model_errors"] = getattr(leaf, "_fmse_model", 0.0)
        state["observers"] = [parts.read_target_observer(of) for _, _, of in number]
    return state


def _read_branch(branch: typing.Any, places: dict[int, int], classes: bool) -> dict:
    alternate = getattr(branch, "_alternate_tree", None)
    return {
        "feature": branch.feature,
        "split": _read_split(branch),
        "depth": branch.depth,
        "children": [places[id(child)] for child in branch.children],
        "stats": _read_stats(branch.stats, classes),
        "watch": _read_watch(branch),
        "alternate": None if alternate is None else places[id(alternate)],
    }


def _read_split(branch: typing.Any) -> tuple:
    if hasattr(branch, "threshold"):
        return "at_most", branch.threshold
    if hasattr(branch, "value"):
        return "equals", parts.value_of(branch.value)
    order = [value for _, value in sorted(branch._r_mapping.items())]
    if hasattr(branch, "radius"):
        return "slots", {"radius": branch.radius, "slots": order}
    return "one_of", [parts.value_of(value) for value in order]


def write_tree(tree: typing.Any, state: dict) -> list:
    """Gives River's tree its nodes; they come back in the order of ours, `None` where free."""
    of, classes = state["tree"], "met" in state
    made: list = [None] * len(of["nodes"])
    for at, (kind, node) in enumerate(of["nodes"]):
        if kind == "leaf":
            made[at] = _new_leaf(tree, node, classes)
    # A branch is made with its children, so what lies below comes first.
    for at in reversed(_top_down(of)):
        if of["nodes"][at][0] == "branch":
            made[at] = _new_branch(tree, of["nodes"][at][1], made, classes)
    tree._root = None if of["root"] is None else made[of["root"]]
    tree._n_active_leaves, tree._n_inactive_leaves = of["n_active"], of["n_inactive"]
    tree._growth_allowed = of["growth_allowed"]
    tree._train_weight_seen_by_model = of["weight_seen"]
    if classes:
        tree.classes = set(state["met"])
    return made


def _top_down(of: dict) -> list[int]:
    found, open_ = [], [] if of["root"] is None else [of["root"]]
    while open_:
        at = open_.pop()
        found.append(at)
        kind, node = of["nodes"][at]
        if kind == "branch":
            open_.extend(node["children"])
            if node["alternate"] is not None:
                open_.append(node["alternate"])
    return found


def _write_stats(state: typing.Any, classes: bool) -> typing.Any:
    return dict(state) if classes else parts.new_var(state)


def _write_watch(node: typing.Any, watch: dict | None) -> None:
    if watch is None:
        return
    if hasattr(node, "_error_tracker"):
        node._error_tracker = parts.new_var(watch["error"])
    else:
        node._mean_error.n, node._mean_error._mean = watch["error"]["n"], watch["error"]["mean"]


def _new_leaf(tree: typing.Any, state: dict, classes: bool) -> typing.Any:
    leaf = tree._new_leaf(_write_stats(state["stats"], classes))
    leaf.depth = state["depth"]
    leaf.last_split_attempt_at = state["tried_at"]
    put_splitters(leaf, state, classes)
    ours = ("majority_right", "bayes_right") if classes else ("mean_errors", "model_errors")
    theirs = ("_mc_correct_weight", "_nb_correct_weight") if classes else _ERRORS
    for name, attribute in zip(ours, theirs, strict=True):
        if hasattr(leaf, attribute):
            setattr(leaf, attribute, state[name])
    _write_watch(leaf, state["watch"])
    return leaf


_ERRORS = ("_fmse_mean", "_fmse_model")


def _new_branch(tree: typing.Any, state: dict, made: list, classes: bool) -> typing.Any:
    kind, split = state["split"]
    cls = tree._branch_selector(kind in ("at_most", "slots"), kind in ("slots", "one_of"))
    given = {
        "at_most": lambda: split,
        "equals": lambda: parts.plain(split),
        "slots": lambda: (split["radius"], [int(slot) for slot in split["slots"]]),
        "one_of": lambda: [parts.plain(value) for value in split],
    }[kind]()
    watched = {}
    if state["watch"] is not None:
        watched["drift_detector"] = tree.drift_detector.clone()
    children = [made[at] for at in state["children"]]
    stats = _write_stats(state["stats"], classes)
    branch = cls(stats, state["feature"], given, state["depth"], *children, **watched)
    _write_watch(branch, state["watch"])
    if state["alternate"] is not None:
        branch._alternate_tree = made[state["alternate"]]
    return branch


def take_tree(tree: typing.Any, names: Names, classes: bool) -> bytes:
    """A tree, the models in its leaves, the detectors in its nodes."""
    layout = CLASS_TREE if classes else TARGET_TREE
    out = w.block(layout, read_tree(tree, names, classes), names)
    nodes = nodes_of(tree)
    for attribute in ("_leaf_model", "drift_detector"):
        inside = [getattr(node, attribute) for node in nodes if hasattr(node, attribute)]
        out += b"".join(take(of, names) for of in inside)
    return out


def give_tree(tree: typing.Any, blocks: w.Blocks, names: Names, classes: bool) -> None:
    """Gives River's tree what `take_tree` takes."""
    nodes = write_tree(tree, blocks.get(CLASS_TREE if classes else TARGET_TREE, names))
    for attribute in ("_leaf_model", "drift_detector"):
        for node in nodes:
            if hasattr(node, attribute):
                give(getattr(node, attribute), blocks, names)


class _Trees(State):
    classes: typing.ClassVar[bool]

    def take(self, model: typing.Any, names: Names) -> bytes:
        return take_tree(model, names, self.classes)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        give_tree(model, blocks, names, self.classes)


@named("HoeffdingTreeClassifier")
class _Classifier(_Trees):
    classes = True


@named("HoeffdingTreeRegressor")
class _Regressor(_Trees):
    classes = False


class _Adaptive(_Trees):
    progress = w.Row(rng=RNG, n_alternate=w.SIGNED, n_pruned=w.SIGNED, n_switch=w.SIGNED)
    counts: typing.ClassVar = {
        "n_alternate": "_n_alternate_trees",
        "n_pruned": "_n_pruned_alternate_trees",
        "n_switch": "_n_switch_alternate_trees",
    }

    def take(self, model: typing.Any, names: Names) -> bytes:
        found = {ours: getattr(model, theirs) for ours, theirs in self.counts.items()}
        progress = w.block(self.progress, {**found, "rng": read_rng(model._rng)}, names)
        return progress + super().take(model, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        progress = blocks.get(self.progress, names)
        write_rng(model._rng, progress["rng"])
        for ours, theirs in self.counts.items():
            setattr(model, theirs, progress[ours])
        super().give(model, blocks, names)


@named("HoeffdingAdaptiveTreeClassifier")
class _AdaptiveClassifier(_Adaptive):
    classes = True


@named("HoeffdingAdaptiveTreeRegressor")
class _AdaptiveRegressor(_Adaptive):
    classes = False
