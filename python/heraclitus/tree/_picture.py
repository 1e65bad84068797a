"""A tree as a graph of the `graphviz` library."""

from __future__ import annotations

import collections
import collections.abc
import colorsys
import typing

from .base import Branch, Leaf
from .nodes import DTBranch

__all__ = ["draw"]

_GRAPH = {"splines": "ortho", "forcelabels": "true", "overlap": "false"}
_NODE = {
    "shape": "box",
    "penwidth": "1.2",
    "fontname": "trebuchet",
    "fontsize": "11",
    "margin": "0.1,0.0",
}
_EDGE = {"penwidth": "0.6", "center": "true", "fontsize": "7  "}
_WHITE = "#FFFFFF"


def draw(root: Branch | Leaf, of_classes: bool, max_depth: int | None) -> typing.Any:
    """The graph of a tree.

    Parameters
    ----------
    root
        The node at the top.
    of_classes
        Whether nodes have the colour of their most frequent class.
    max_depth
        How far down to go; `None` for all of it.

    """
    try:
        import graphviz
    except ImportError as error:
        raise ValueError("draw needs the library graphviz: pip install graphviz") from error
    dot = graphviz.Digraph(graph_attr=_GRAPH, node_attr=_NODE, edge_attr=_EDGE)
    colour = _Colours(root) if of_classes else None
    for number, node, above in _numbered(root):
        if max_depth is not None and node.depth > max_depth:  # type: ignore[union-attr]
            continue
        fill = _WHITE if colour is None else colour.of(node)
        dot.node(str(number), _text(node), fillcolor=fill, style="filled")
        if above is not None:
            parent, branch, place = above
            dot.edge(str(parent), str(number), xlabel=branch.repr_branch(place, shorten=True))
    return dot


Above = tuple[int, DTBranch, int]
Numbered = tuple[int, typing.Any, Above | None]


def _numbered(root: Branch | Leaf) -> collections.abc.Iterator[Numbered]:
    """Each node with a number, and what is above it: its number, the node, the place below it."""
    waiting: list[tuple[typing.Any, Above | None]] = [(root, None)]
    number = 0
    while waiting:
        node, above = waiting.pop()
        yield number, node, above
        if isinstance(node, DTBranch):
            below = [(child, (number, node, place)) for place, child in enumerate(node.children)]
            waiting.extend(reversed(below))
        number += 1


def _text(node: typing.Any) -> str:
    if isinstance(node, Branch):
        return str(node.feature)  # type: ignore[attr-defined]
    return f"{node!r}\nsamples: {int(node.total_weight)}"


class _Colours:
    """A hue for each class; the surer a node is, the fuller its colour."""

    def __init__(self, root: Branch | Leaf) -> None:
        labels = {label for node in root.iter_dfs() for label in node.stats}  # type: ignore
        self.n = len(labels)
        self.hues: dict[typing.Any, list[int]] = {}

    def of(self, node: typing.Any) -> str:
        total = sum(node.stats.values())
        if self.n < 2 or not total:
            return _WHITE
        label = max(node.stats, key=lambda label: node.stats[label])
        hue = self.hues.setdefault(label, _colour(len(self.hues), self.n))
        share = node.stats[label] / total
        fullness = (share - 1 / self.n) / (1 - 1 / self.n)
        parts = (round(fullness * part + (1 - fullness) * 255) for part in hue)
        return "#" + "".join(f"{min(max(part, 0), 255):02x}" for part in parts)


def _colour(at: int, n: int) -> list[int]:
    """The `at`-th of `n` colours whose hues are equally far apart."""
    parts = colorsys.hsv_to_rgb((25 / 360 + at / n) % 1.0, 0.75, 0.9)
    return [int(255 * part) for part in parts]
