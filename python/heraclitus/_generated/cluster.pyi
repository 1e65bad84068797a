import typing

from .. import _kinds, base, optim

class KMeans(_kinds.Clusterer, base.Clusterer):
    n_clusters: int
    halflife: float
    mu: float
    sigma: float
    p: float
    seed: int | None
    def __init__(
        self,
        n_clusters: int = 5,
        halflife: float = 0.5,
        mu: float = 0.0,
        sigma: float = 1.0,
        p: float = 2.0,
        seed: int | None = None,
    ) -> None: ...
