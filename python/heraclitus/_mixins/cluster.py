"""Additions to the clusterers."""

from __future__ import annotations

import collections.abc
import typing


class KMeans:
    _mutable_attributes = property(lambda self: {"halflife"})

    @classmethod
    def _unit_test_params(cls) -> collections.abc.Iterator[dict[str, typing.Any]]:
        yield {"n_clusters": 5}

    @property
    def centers(self) -> dict[int, dict[typing.Any, float]]:
        """The place of each cluster's centre, by the cluster's number."""
        return dict(enumerate(self._attribute("centers")))  # type: ignore[attr-defined]
