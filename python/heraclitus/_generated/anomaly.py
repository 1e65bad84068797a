"""River's `anomaly`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "HalfSpaceTrees",
]


@mixed
class HalfSpaceTrees(_kinds.AnomalyDetector, base.AnomalyDetector):
    """How few events lately fell where this one falls.

    Parameters
    ----------
    n_trees
        How many trees, 1 to 1,000.
    height
        How often a tree halves the space, 1 to 15.
    window_size
        How many events make a reference, 1 or more.
    limits
        Between which numbers a feature lies, by its name; 0 and 1 for those left out.
    seed
        Fixes the trees; as 0 when left out.

    """

    _entry = "HalfSpaceTrees"

    def __init__(
        self,
        n_trees: int = 10,
        height: int = 8,
        window_size: int = 250,
        limits: typing.Any = None,
        seed: int | None = None,
    ) -> None:
        self._start(
            n_trees=n_trees,
            height=height,
            window_size=window_size,
            limits=limits,
            seed=seed,
        )
