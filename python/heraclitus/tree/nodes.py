"""The nodes of a tree as they were when they were asked for."""

from __future__ import annotations

import math
import typing

from .base import Branch, Leaf
from .utils import round_sig_fig

__all__ = [
    "ClassLeaf",
    "DTBranch",
    "NominalBinaryBranch",
    "NominalMultiwayBranch",
    "NumericBinaryBranch",
    "NumericMultiwayBranch",
    "TargetLeaf",
    "build",
]

Shown = dict[str, typing.Any]


class DTBranch(Branch):
    """A branch that looks at one feature.

    Parameters
    ----------
    stats
        What was known of the target when the leaf here became a branch.
    feature
        The name of the feature.
    depth
        How many branches are above.
    children
        The nodes below.

    """

    def __init__(
        self, stats: typing.Any, feature: typing.Any, depth: int, *children: Branch | Leaf
    ) -> None:
        super().__init__(*children)
        self.children: list[Branch | Leaf] = list(self.children)
        self.stats = stats
        self.feature = feature
        self.depth = depth

    @property
    def total_weight(self) -> float:
        """The weight of the events that the leaves below have seen."""
        return sum(child.total_weight for child in self.children)  # type: ignore[union-attr]

    def most_common_path(self) -> tuple[int, Branch | Leaf]:
        weights = [child.total_weight for child in self.children]  # type: ignore[union-attr]
        at = weights.index(max(weights))
        return at, self.children[at]

    def next(self, x: typing.Any) -> Branch | Leaf:
        return self.children[self.branch_no(x)]

    def branch_no(self, x: typing.Any) -> int:
        """The place of the child that an event goes to."""
        return self._place(self._value(x))

    def _value(self, x: typing.Any) -> typing.Any:
        if self.feature in x:
            return x[self.feature]
        # The core knows features by how they are printed.
        for name, value in x.items():
            if str(name) == self.feature:
                return value
        raise KeyError(self.feature)

    def _place(self, value: typing.Any) -> int:
        raise NotImplementedError

    def repr_branch(self, index: int, shorten: bool = False) -> str:
        """What an event must be like to go to a child.

        Parameters
        ----------
        index
            The place of the child.
        shorten
            Whether to leave the feature's name out.

        """
        raise NotImplementedError


class NumericBinaryBranch(DTBranch):
    """Up to a threshold to the left, above to the right."""

    threshold: float

    def _place(self, value: float) -> int:
        return 0 if value <= self.threshold else 1

    @property
    def repr_split(self) -> str:
        return f"{self.feature} ≤ {self.threshold}"

    def repr_branch(self, index: int, shorten: bool = False) -> str:
        sign = "≤>"[index]
        if shorten:
            return f"{sign} {round(self.threshold, 4)}"
        return f"{self.feature} {sign} {self.threshold}"


class NominalBinaryBranch(DTBranch):
    """One value to the left, all others to the right."""

    value: typing.Any

    def _place(self, value: typing.Any) -> int:
        return 0 if value == self.value else 1

    @property
    def repr_split(self) -> str:
        return f"{self.feature} {{=, ≠}} {self.value}"

    def repr_branch(self, index: int, shorten: bool = False) -> str:
        if shorten:
            return f"{self.value}" if index == 0 else f"not {self.value}"
        return f"{self.feature} {'=≠'[index]} {self.value}"


class NumericMultiwayBranch(DTBranch):
    """A child for each slot of numbers."""

    radius: float
    slots: list[float]

    def _place(self, value: float) -> int:
        slot = math.floor(value / self.radius)
        if slot not in self.slots:
            raise KeyError(slot)
        return self.slots.index(slot)

    @property
    def repr_split(self) -> str:
        return f"{self.feature} ÷ {self.radius}"

    def repr_branch(self, index: int, shorten: bool = False) -> str:
        lower = self.slots[index] * self.radius
        upper = lower + self.radius
        if shorten:
            return f"[{round(lower, 4)}, {round(upper, 4)})"
        return f"{lower} ≤ {self.feature} < {upper}"


class NominalMultiwayBranch(DTBranch):
    """A child for each value."""

    values: list[typing.Any]

    def _place(self, value: typing.Any) -> int:
        if value not in self.values:
            raise KeyError(value)
        return self.values.index(value)

    @property
    def repr_split(self) -> str:
        return f"{self.feature} in {{{', '.join(map(repr, self.values))}}}"

    def repr_branch(self, index: int, shorten: bool = False) -> str:
        value = str(self.values[index])
        return value if shorten else f"{self.feature} = {value}"


class ClassLeaf(Leaf):
    """A leaf of a classifier's tree: `stats` has the weight of each class."""

    stats: dict[typing.Any, float]

    def __repr__(self) -> str:
        total = sum(self.stats.values())
        if not self.stats:
            return ""
        lines = [f"Class {max(self.stats, key=lambda label: self.stats[label])}:"]
        for label in _sorted(self.stats):
            share = self.stats[label] / total if total else 0.0
            lines.append(f"\tP({label}) = {round_sig_fig(share)}")
        return "\n".join(lines)


class TargetLeaf(Leaf):
    """A leaf of a regressor's tree: `stats` has the target's mean and variance."""

    stats: typing.Any

    def __repr__(self) -> str:
        return f"{self.stats.mean!r} | {self.stats!r}"


def _sorted(labels: typing.Iterable[typing.Any]) -> list[typing.Any]:
    labels = list(labels)
    try:
        return sorted(labels)
    except TypeError:  # labels of several kinds
        return sorted(labels, key=str)


def _whole(value: typing.Any) -> typing.Any:
    """1 for 1.0: the core knows one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def build(structure: list[Shown], of_classes: bool) -> Branch | Leaf | None:
    """The root of the tree that the core shows as a list; `None` for an empty one.

    Parameters
    ----------
    structure
        The nodes, level by level, each with its parent's place.
    of_classes
        Whether it is the tree of a classifier.

    """
    nodes: list[Branch | Leaf] = []
    for shown in structure:
        stats = shown["stats"] if of_classes else _moments(shown["stats"])
        make = _leaf if shown["is_leaf"] else _branch
        node = make(shown, stats)
        nodes.append(node)
        if shown["parent"] is not None:
            nodes[shown["parent"]].children.append(node)  # type: ignore[union-attr]
    return nodes[0] if nodes else None


def _moments(stats: Shown) -> typing.Any:
    from ..stats import Var

    return Var._from_state(stats["n"], stats["mean"], stats["var"])


def _leaf(shown: Shown, stats: typing.Any) -> Branch | Leaf:
    kind = ClassLeaf if isinstance(stats, dict) else TargetLeaf
    return kind(
        stats=stats,
        depth=shown["depth"],
        is_active=shown["is_active"],
        total_weight=shown["total_weight"],
    )


def _branch(shown: Shown, stats: typing.Any) -> Branch | Leaf:
    feature, depth = shown["feature"], shown["depth"]
    branch: DTBranch
    if "threshold" in shown:
        branch = NumericBinaryBranch(stats, feature, depth)
        branch.threshold = shown["threshold"]
    elif "radius" in shown:
        branch = NumericMultiwayBranch(stats, feature, depth)
        branch.radius, branch.slots = shown["radius"], shown["slots"]
    elif "value" in shown:
        branch = NominalBinaryBranch(stats, feature, depth)
        branch.value = _whole(shown["value"])
    else:
        branch = NominalMultiwayBranch(stats, feature, depth)
        branch.values = [_whole(value) for value in shown["values"]]
    return branch
