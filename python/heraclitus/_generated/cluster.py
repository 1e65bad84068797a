"""River's `cluster`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "KMeans",
]


@mixed
class KMeans(_kinds.Clusterer, base.Clusterer):
    """Groups around centres that move towards what falls to them.

    Parameters
    ----------
    n_clusters
        How many centres, 1 to 10,000.
    halflife
        Which share of the way the closest centre moves towards an event, 0 to 1.
    mu
        The mean of the normal distribution that centres are drawn from.
    sigma
        Its standard deviation, 0 or more.
    p
        The power of the distance: 1 for Manhattan's, 2 for Euclid's; 1 to 100.
    seed
        Fixes the centres; as 0 when left out.

    """

    _entry = "KMeans"

    def __init__(
        self,
        n_clusters: int = 5,
        halflife: float = 0.5,
        mu: float = 0.0,
        sigma: float = 1.0,
        p: float = 2.0,
        seed: int | None = None,
    ) -> None:
        self._start(
            n_clusters=n_clusters,
            halflife=halflife,
            mu=mu,
            sigma=sigma,
            p=p,
            seed=seed,
        )
