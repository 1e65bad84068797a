import typing

from .. import _kinds, base, optim

class AMFClassifier(_kinds.Classifier, base.Ensemble, base.Classifier):
    n_estimators: int
    step: float
    use_aggregation: bool
    dirichlet: float
    split_pure: bool
    max_nodes: int | None
    seed: int | None
    def __init__(
        self,
        n_estimators: int = 10,
        step: float = 1.0,
        use_aggregation: bool = True,
        dirichlet: float = 0.5,
        split_pure: bool = False,
        max_nodes: int | None = None,
        seed: int | None = None,
    ) -> None: ...

class AMFRegressor(_kinds.Regressor, base.Ensemble, base.Regressor):
    n_estimators: int
    step: float
    use_aggregation: bool
    max_nodes: int | None
    seed: int | None
    def __init__(
        self,
        n_estimators: int = 10,
        step: float = 1.0,
        use_aggregation: bool = True,
        max_nodes: int | None = None,
        seed: int | None = None,
    ) -> None: ...
