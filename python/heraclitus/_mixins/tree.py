"""What trees show of themselves."""

from __future__ import annotations

import typing

from .. import base
from .._shell import Shell

_CLASSES = {"splitter": {"GaussianSplitter": {}}}
_TARGETS = {"splitter": {"TEBSTSplitter": {}}, "leaf_model": {"LinearRegression": {}}}
_WATCHED = {"drift_detector": {"ADWIN": {}}}
#: As deep as a tree may become when nothing is said.
_DEEPEST = 980


def _start(self: typing.Any, **params: typing.Any) -> None:
    if params["max_depth"] is None:
        params["max_depth"] = _DEEPEST
    Shell._start(self, **params)


def _root(self: typing.Any) -> typing.Any:
    """The tree as it is now, as nodes to walk over; `None` while it is empty."""
    from ..tree.nodes import build

    return build(self._attribute("structure"), isinstance(self, base.Classifier))


def to_dataframe(self: typing.Any) -> typing.Any:
    """A row for each node, as a frame of pandas.

    Returns
    -------
    The frame, or `None` while the tree has not split.

    """
    from ..tree.base import Branch

    root = self._root
    return root.to_dataframe() if isinstance(root, Branch) else None


def debug_one(self: typing.Any, x: dict[typing.Any, typing.Any]) -> str | None:
    """The way of an event down the tree, in words.

    Parameters
    ----------
    x
        The features.

    Returns
    -------
    A line for each branch and what the leaf says, or `None` while the tree is empty.

    """
    from ..tree.nodes import DTBranch

    root = self._root
    if root is None:
        return None
    lines = []
    for node in root.walk(x):
        if not isinstance(node, DTBranch):
            lines.append(repr(node))
            continue
        try:
            place = node.branch_no(x)
        except KeyError:
            place, _ = node.most_common_path()
        lines.append(node.repr_branch(place))
    return "".join(f"{line}\n" for line in lines)


def draw(self: typing.Any, max_depth: int | None = None) -> typing.Any:
    """The tree as a graph of the `graphviz` library, which has to be installed.

    Leaves show the shares of their classes, or the mean and variance of the target.

    Parameters
    ----------
    max_depth
        How far down to go: 0 for the root alone, `None` for all of it.

    """
    from ..tree._picture import draw

    root = self._root
    if root is None:
        raise ValueError("there is nothing to draw: the tree has not learned from any event")
    return draw(root, isinstance(self, base.Classifier), max_depth)


class HoeffdingTreeClassifier:
    _objects = _CLASSES
    _start = _start
    _root = property(_root)
    to_dataframe = to_dataframe
    debug_one = debug_one
    draw = draw


class HoeffdingTreeRegressor:
    _objects = _TARGETS
    _start = _start
    _root = property(_root)
    to_dataframe = to_dataframe
    debug_one = debug_one
    draw = draw


class HoeffdingAdaptiveTreeClassifier:
    _objects = _CLASSES | _WATCHED
    _start = _start
    _root = property(_root)
    to_dataframe = to_dataframe
    debug_one = debug_one
    draw = draw


class HoeffdingAdaptiveTreeRegressor:
    _objects = _TARGETS | _WATCHED
    _start = _start
    _root = property(_root)
    to_dataframe = to_dataframe
    debug_one = debug_one
    draw = draw
