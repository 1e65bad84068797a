"""How much nearer events are to their own group than to the next."""

from __future__ import annotations

import math
import typing

from .base import ClusteringMetric


def _distance(a: typing.Mapping[typing.Any, float], b: typing.Mapping[typing.Any, float]) -> float:
    return math.sqrt(sum((a.get(k, 0.0) - b.get(k, 0.0)) ** 2 for k in {**a, **b}))


class Silhouette(ClusteringMetric):
    """The distance to the own group's center as a share of that to the second nearest one.

    The smaller, the better the groups are apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sum_distance_closest_centroid = 0.0
        self._sum_distance_second_closest_centroid = 0.0

    def _add(self, x: typing.Any, y_pred: typing.Any, centers: typing.Any, sign: int) -> None:
        if y_pred not in centers or len(centers) < 2:
            return
        _, second, *_ = sorted(_distance(center, x) for center in centers.values())
        own = _distance(centers[y_pred], x)
        self._sum_distance_closest_centroid += sign * own
        self._sum_distance_second_closest_centroid += sign * second

    def update(
        self, x: typing.Any, y_pred: typing.Any, centers: typing.Any, w: float = 1.0
    ) -> None:
        """Take an event, the group that it was put into, and the centers of the groups."""
        self._add(x, y_pred, centers, 1)

    def revert(
        self, x: typing.Any, y_pred: typing.Any, centers: typing.Any, w: float = 1.0
    ) -> None:
        """Take an event back."""
        self._add(x, y_pred, centers, -1)

    def get(self) -> float:
        """The figure so far."""
        second = self._sum_distance_second_closest_centroid
        return self._sum_distance_closest_centroid / second if second else math.inf

    @property
    def bigger_is_better(self) -> bool:
        """Whether a larger figure is a better one."""
        return False
