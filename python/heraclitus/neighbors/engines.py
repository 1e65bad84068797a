"""How the nearest events are searched for."""

from __future__ import annotations

import collections
import collections.abc
import functools
import heapq
import typing

from ..optim.base import Named
from ..utils.math import minkowski_distance
from ..utils.vectordict import euclidean_distance_dict, euclidean_distance_tuple

__all__ = ["SWINN", "LazySearch"]

#: Of two events; `None` for the distance in a straight line.
Distance = collections.abc.Callable[[typing.Any, typing.Any], float] | None


def _name(distance: Distance) -> typing.Any:
    """What a spec calls a distance; anything else is left for the spec to refuse."""
    if distance in (None, euclidean_distance_dict, euclidean_distance_tuple):
        return None
    if isinstance(distance, functools.partial) and distance.func is minkowski_distance:
        if not distance.args and set(distance.keywords) == {"p"}:
            return {"minkowski_distance": {"p": float(distance.keywords["p"])}}
    return distance


class _Engine(Named):
    dist_func: Distance
    _parameters: typing.ClassVar[tuple[str, ...]]

    def _own_params(self) -> dict[str, typing.Any]:
        own = {name: getattr(self, name) for name in self._parameters}
        return own | {"dist_func": _name(self.dist_func)}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        params = dict(params)
        match params.pop("dist_func", None):
            case {"minkowski_distance": {"p": p}}:
                params["dist_func"] = functools.partial(minkowski_distance, p=p)
        return cls(**params)


class SWINN(_Engine):
    """A graph of neighbours: fast where many events are kept, and nearly always right.

    Parameters
    ----------
    graph_k
        How many edges leave an event.
    dist_func
        The distance: `functools.partial(utils.math.minkowski_distance, p=1)` with any `p`; in a
        straight line when left out.
    maxlen
        How many events are kept.
    warm_up
        How many events come before the graph is made; until then all are looked at.
    max_candidates
        How many neighbours of an event are joined at once; 50 when left out.
    delta
        Refining stops when fewer than this share of the edges changed.
    prune_prob
        With which probability an edge that others make redundant is dropped.
    n_iters
        How often the graph is refined at most.
    seed
        Fixes the draws; as 0 when left out.

    """

    _parameters = (
        "graph_k",
        "maxlen",
        "warm_up",
        "max_candidates",
        "delta",
        "prune_prob",
        "n_iters",
        "seed",
    )

    def __init__(
        self,
        graph_k: int = 20,
        dist_func: Distance = None,
        maxlen: int = 1000,
        warm_up: int = 500,
        max_candidates: int | None = None,
        delta: float = 0.0001,
        prune_prob: float = 0.0,
        n_iters: int = 10,
        seed: int | None = None,
    ) -> None:
        self.graph_k = graph_k
        self.dist_func = dist_func
        self.maxlen = maxlen
        self.warm_up = warm_up
        self.max_candidates = max_candidates
        self.delta = delta
        self.prune_prob = prune_prob
        self.n_iters = n_iters
        self.seed = seed


class LazySearch(_Engine):
    """The last events, looked at one by one.

    As the `engine` of a model it is a choice: what came is in the model. Alone it keeps items of
    any kind, and any function of two items is its distance.

    Parameters
    ----------
    window_size
        How many items are kept.
    min_distance_keep
        How far an item must be from the nearest for `update` to keep it; 0 keeps all.
    dist_func
        The distance: in a straight line when left out.

    Examples
    --------

    >>> from heraclitus import neighbors
    >>> near = neighbors.LazySearch(window_size=3)
    >>> for a in (1, 2, 3, 9):
    ...     near.append({"a": a})
    >>> near.search({"a": 8}, n_neighbors=2)
    ([{'a': 9}, {'a': 3}], [1.0, 5.0])

    """

    _parameters = ("window_size", "min_distance_keep")

    def __init__(
        self,
        window_size: int = 50,
        min_distance_keep: float = 0.0,
        dist_func: Distance = None,
    ) -> None:
        self.window_size = window_size
        self.min_distance_keep = min_distance_keep
        self.dist_func = euclidean_distance_dict if dist_func is None else dist_func
        self.window: collections.deque[tuple[typing.Any, ...]]
        self.window = collections.deque(maxlen=window_size)

    def append(
        self, item: typing.Any, extra: typing.Iterable[typing.Any] | None = None
    ) -> None:
        """Keep an item.

        Parameters
        ----------
        item
            The item.
        extra
            What is kept with it, and has no part in distances.

        """
        self.window.append((item, *(extra or ())))

    def update(
        self,
        item: typing.Any,
        n_neighbors: int = 1,
        extra: typing.Iterable[typing.Any] | None = None,
    ) -> bool:
        """Keep an item unless it is too near to what is kept; says whether it was kept.

        Parameters
        ----------
        item
            The item.
        n_neighbors
            The how-many-th nearest it is compared with.
        extra
            What is kept with it, and has no part in distances.

        """
        if self.min_distance_keep:
            _, distances = self.search(item, n_neighbors)
            if distances and distances[-1] < self.min_distance_keep:
                return False
        self.append(item, extra)
        return True

    def search(
        self, item: typing.Any, n_neighbors: int
    ) -> tuple[list[typing.Any], list[float]]:
        """The nearest items that are kept, and how far they are, the nearest first.

        Parameters
        ----------
        item
            Where to search from.
        n_neighbors
            How many.

        """
        measure = self.dist_func or euclidean_distance_dict
        all_of_them = ((measure(item, kept[0]), i) for i, kept in enumerate(self.window))
        nearest = heapq.nsmallest(n_neighbors, all_of_them)
        return [self.window[i][0] for _, i in nearest], [distance for distance, _ in nearest]
