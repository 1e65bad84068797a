import typing

from .. import _native, base, optim
from .._shell import Shell

class GaussianNB(Shell, _native.Classifier, base.Classifier):
    def __init__(
        self,
    ) -> None: ...

class MultinomialNB(Shell, _native.Classifier, base.Classifier):
    alpha: float
    def __init__(
        self,
        alpha: float = 1.0,
    ) -> None: ...

class ComplementNB(Shell, _native.Classifier, base.Classifier):
    alpha: float
    def __init__(
        self,
        alpha: float = 1.0,
    ) -> None: ...

class BernoulliNB(Shell, _native.Classifier, base.Classifier):
    alpha: float
    true_threshold: float
    def __init__(
        self,
        alpha: float = 1.0,
        true_threshold: float = 0.0,
    ) -> None: ...
