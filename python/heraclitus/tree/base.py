"""Trees to walk over and to look at, whatever they decide by.

The nodes of `HoeffdingTreeClassifier` and its kin are made of these; so may be those of a tree of
your own.
"""

from __future__ import annotations

import abc
import collections
import collections.abc
import typing

from .. import base

__all__ = ["Branch", "Leaf"]

Nodes = collections.abc.Iterator["Branch | Leaf"]


class Branch(base.Base, abc.ABC):
    """A node that sends events on.

    Parameters
    ----------
    children
        The nodes below, from left to right.

    """

    def __init__(self, *children: Branch | Leaf) -> None:
        self.children: collections.abc.Sequence[Branch | Leaf] = children

    @abc.abstractmethod
    def next(self, x: typing.Any) -> Branch | Leaf:
        """The child that an event goes to; `KeyError` where the branch can't tell."""

    @abc.abstractmethod
    def most_common_path(self) -> tuple[int, Branch | Leaf]:
        """The place of the child that got most events, and the child."""

    @property
    @abc.abstractmethod
    def repr_split(self) -> str:
        """The test, for people."""

    def walk(self, x: typing.Any, until_leaf: bool = True) -> Nodes:
        """The nodes that an event comes past, this one first.

        Parameters
        ----------
        x
            The event.
        until_leaf
            Whether a branch that can't tell takes the child that got most events; otherwise the
            walk ends there.

        """
        node: Branch | Leaf = self
        yield node
        while isinstance(node, Branch):
            try:
                node = node.next(x)
            except KeyError:
                if not until_leaf:
                    return
                node = node.most_common_path()[1]
            yield node

    def traverse(self, x: typing.Any, until_leaf: bool = True) -> Branch | Leaf:
        """Where an event ends.

        Parameters
        ----------
        x
            The event.
        until_leaf
            As for `walk`.

        """
        *_, last = self.walk(x, until_leaf)
        return last

    def iter_dfs(self) -> Nodes:
        """All nodes from here down, each child's before the next child's."""
        yield self
        for child in self.children:
            yield from child.iter_dfs()

    def iter_bfs(self) -> Nodes:
        """All nodes from here down, level by level."""
        for node, _, _ in self._levels():
            yield node

    def iter_leaves(self) -> collections.abc.Iterator[Leaf]:
        """The leaves, from left to right."""
        return (node for node in self.iter_dfs() if isinstance(node, Leaf))

    def iter_branches(self) -> collections.abc.Iterator[Branch]:
        """The branches, each child's before the next child's."""
        return (node for node in self.iter_dfs() if isinstance(node, Branch))

    def iter_edges(self) -> collections.abc.Iterator[tuple[Branch, Branch | Leaf]]:
        """Each branch with each of its children."""
        for child in self.children:
            yield self, child
            yield from child.iter_edges()

    @property
    def n_nodes(self) -> int:
        """How many nodes there are, with this one."""
        return self.n_branches + self.n_leaves

    @property
    def n_branches(self) -> int:
        """How many branches there are, with this one."""
        return sum(1 for _ in self.iter_branches())

    @property
    def n_leaves(self) -> int:
        """How many leaves there are."""
        return sum(1 for _ in self.iter_leaves())

    @property
    def height(self) -> int:
        """How many nodes the longest way down has."""
        return 1 + max(depth for _, _, depth in self._levels())

    def _levels(self) -> collections.abc.Iterator[tuple[Branch | Leaf, Branch | None, int]]:
        """Nodes, their parents and how far down they are, level by level."""
        waiting: collections.deque[tuple[Branch | Leaf, Branch | None, int]]
        waiting = collections.deque([(self, None, 0)])
        while waiting:
            node, parent, depth = waiting.popleft()
            yield node, parent, depth
            if isinstance(node, Branch):
                waiting.extend((child, node, depth + 1) for child in node.children)

    def to_dataframe(self) -> typing.Any:
        """A pandas frame with a row for each node, level by level."""
        from ..utils.pandas import import_pandas

        pd = import_pandas()
        places: dict[int, int] = {}
        rows = []
        for node, parent, depth in self._levels():
            rows.append(
                {
                    "node": places.setdefault(id(node), len(places)),
                    "parent": pd.NA if parent is None else places[id(parent)],
                    "is_leaf": isinstance(node, Leaf),
                    "depth": depth,
                    **{k: v for k, v in vars(node).items() if k not in ("children", "depth")},
                }
            )
        return pd.DataFrame.from_records(rows).set_index("node")

    def _repr_html_(self) -> str:
        from .viz import CSS, tree_to_html

        return f"<div>{tree_to_html(self)}<style scoped>{CSS}</style></div>"


class Leaf(base.Base):
    """A node at which events end.

    Parameters
    ----------
    kwargs
        What the leaf knows: each becomes an attribute.

    """

    def __init__(self, **kwargs: typing.Any) -> None:
        self.__dict__.update(kwargs)

    def __repr__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in vars(self).items())

    def walk(self, x: typing.Any, until_leaf: bool = True) -> Nodes:
        """The leaf itself."""
        yield self

    def iter_dfs(self) -> Nodes:
        """The leaf itself."""
        yield self

    def iter_leaves(self) -> collections.abc.Iterator[Leaf]:
        """The leaf itself."""
        yield self

    def iter_branches(self) -> collections.abc.Iterator[Branch]:
        """Nothing."""
        return iter(())

    def iter_edges(self) -> collections.abc.Iterator[tuple[Branch, Branch | Leaf]]:
        """Nothing."""
        return iter(())

    @property
    def n_nodes(self) -> int:
        """1."""
        return 1

    @property
    def n_branches(self) -> int:
        """0."""
        return 0

    @property
    def n_leaves(self) -> int:
        """1."""
        return 1

    @property
    def height(self) -> int:
        """1."""
        return 1
