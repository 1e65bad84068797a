import typing

from .. import _native, base, optim
from .._shell import Shell

class BaggingClassifier(Shell, _native.Classifier, base.WrapperEnsemble, base.Classifier):
    model: base.Base | None
    n_models: int
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None: ...

class BaggingRegressor(Shell, _native.Regressor, base.WrapperEnsemble, base.Regressor):
    model: base.Base | None
    n_models: int
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None: ...
