import typing

from .. import _kinds, base, optim

class GaussianNB(_kinds.Classifier, base.Classifier):
    def __init__(
        self,
    ) -> None: ...

class MultinomialNB(_kinds.Classifier, base.Classifier):
    alpha: float
    def __init__(
        self,
        alpha: float = 1.0,
    ) -> None: ...

class ComplementNB(_kinds.Classifier, base.Classifier):
    alpha: float
    def __init__(
        self,
        alpha: float = 1.0,
    ) -> None: ...

class BernoulliNB(_kinds.Classifier, base.Classifier):
    alpha: float
    true_threshold: float
    def __init__(
        self,
        alpha: float = 1.0,
        true_threshold: float = 0.0,
    ) -> None: ...
