import typing

from .. import _kinds, base, optim

class NoChangeClassifier(_kinds.Classifier, base.Classifier):
    def __init__(
        self,
    ) -> None: ...

class PriorClassifier(_kinds.Classifier, base.Classifier):
    def __init__(
        self,
    ) -> None: ...

class StatisticRegressor(_kinds.Regressor, base.Regressor):
    statistic: base.Base | None
    def __init__(
        self,
        statistic: base.Base | None,
    ) -> None: ...
