import typing

from .. import _kinds, base, optim

class KNNClassifier(_kinds.Classifier, base.Classifier):
    n_neighbors: int
    engine: typing.Any
    weighted: bool
    cleanup_every: int
    softmax: bool
    def __init__(
        self,
        n_neighbors: int = 5,
        engine: typing.Any = None,
        weighted: bool = True,
        cleanup_every: int = 0,
        softmax: bool = False,
    ) -> None: ...

class KNNRegressor(_kinds.Regressor, base.Regressor):
    n_neighbors: int
    engine: typing.Any
    aggregation_method: typing.Any
    def __init__(
        self,
        n_neighbors: int = 5,
        engine: typing.Any = None,
        aggregation_method: typing.Any = "mean",
    ) -> None: ...
