import typing

from .. import _kinds, base, optim

class HalfSpaceTrees(_kinds.AnomalyDetector, base.AnomalyDetector):
    n_trees: int
    height: int
    window_size: int
    limits: typing.Any
    seed: int | None
    def __init__(
        self,
        n_trees: int = 10,
        height: int = 8,
        window_size: int = 250,
        limits: typing.Any = None,
        seed: int | None = None,
    ) -> None: ...
