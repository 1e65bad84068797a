import typing

from .. import _kinds, base, optim

class BaggingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    model: base.Base | None
    n_models: int
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None: ...

class BaggingRegressor(_kinds.Regressor, base.WrapperEnsemble, base.Regressor):
    model: base.Base | None
    n_models: int
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None: ...
