"""Half-space trees: each a whole binary tree, as a list."""

from __future__ import annotations

import typing

from . import _wire as w
from ._states import State, named

_NODE = w.Row(threshold=w.NUMBER, feature=w.FEATURE, now=w.WHOLE, reference=w.WHOLE)


@named("HalfSpaceTrees")
class _HalfSpaceTrees(State):
    layout = w.Row(nodes=w.Many(_NODE), counter=w.WHOLE, ready=w.TRUTH)

    def read(self, model: typing.Any) -> dict:
        nodes = []
        for tree in model.trees:
            level = [tree]
            while level:
                nodes.extend(_node(node) for node in level)
                level = [child for node in level for child in getattr(node, "children", ())]
        return {"nodes": nodes, "counter": model.counter, "ready": not model._first_window}

    def write(self, model: typing.Any, state: dict) -> None:
        model.counter, model._first_window = state["counter"], not state["ready"]
        nodes = state["nodes"]
        size = len(nodes) // model.n_trees
        if size:
            starts = range(0, len(nodes), size)
            model.trees = [_tree(nodes[start : start + size], 0) for start in starts]
            model._tree_nodes = [list(tree.iter_dfs()) for tree in model.trees]


def _node(node: typing.Any) -> dict:
    return {
        "threshold": getattr(node, "threshold", 0.0),
        "feature": getattr(node, "feature", None),
        "now": node.l_mass,
        "reference": node.r_mass,
    }


def _tree(nodes: list[dict], at: int) -> typing.Any:
    from river.tree.padded import PaddedBranch, PaddedLeaf

    node = nodes[at]
    masses = {"l_mass": node["now"], "r_mass": node["reference"]}
    if 2 * at + 1 >= len(nodes):
        return PaddedLeaf(**masses)
    below = (_tree(nodes, 2 * at + 1), _tree(nodes, 2 * at + 2))
    return PaddedBranch(*below, node["feature"], node["threshold"], **masses)
