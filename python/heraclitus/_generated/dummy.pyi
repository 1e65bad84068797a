import typing

from .. import _native, base, optim
from .._shell import Shell

class NoChangeClassifier(Shell, _native.Classifier, base.Classifier):
    def __init__(
        self,
    ) -> None: ...

class PriorClassifier(Shell, _native.Classifier, base.Classifier):
    def __init__(
        self,
    ) -> None: ...

class StatisticRegressor(Shell, _native.Regressor, base.Regressor):
    statistic: base.Base | None
    def __init__(
        self,
        statistic: base.Base | None,
    ) -> None: ...
