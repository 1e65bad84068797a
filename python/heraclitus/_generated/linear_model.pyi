import typing

from .. import _kinds, base, optim

class LinearRegression(_kinds.Regressor, base.MiniBatchRegressor):
    optimizer: optim.base.Optimizer | None
    loss: optim.base.Loss | None
    l2: float
    l1: float
    intercept_init: float
    intercept_lr: float | optim.base.Scheduler
    clip_gradient: float
    initializer: optim.base.Initializer | None
    def __init__(
        self,
        optimizer: optim.base.Optimizer | None = None,
        loss: optim.base.Loss | None = None,
        l2: float = 0.0,
        l1: float = 0.0,
        intercept_init: float = 0.0,
        intercept_lr: float | optim.base.Scheduler = 0.01,
        clip_gradient: float = 1000000000000.0,
        initializer: optim.base.Initializer | None = None,
    ) -> None: ...

class LogisticRegression(_kinds.Classifier, base.MiniBatchClassifier):
    optimizer: optim.base.Optimizer | None
    loss: optim.base.Loss | None
    l2: float
    l1: float
    intercept_init: float
    intercept_lr: float | optim.base.Scheduler
    clip_gradient: float
    initializer: optim.base.Initializer | None
    def __init__(
        self,
        optimizer: optim.base.Optimizer | None = None,
        loss: optim.base.Loss | None = None,
        l2: float = 0.0,
        l1: float = 0.0,
        intercept_init: float = 0.0,
        intercept_lr: float | optim.base.Scheduler = 0.01,
        clip_gradient: float = 1000000000000.0,
        initializer: optim.base.Initializer | None = None,
    ) -> None: ...

class SoftmaxRegression(_kinds.Classifier, base.Classifier):
    optimizer: optim.base.Optimizer | None
    loss: optim.base.Loss | None
    l2: float
    def __init__(
        self,
        optimizer: optim.base.Optimizer | None = None,
        loss: optim.base.Loss | None = None,
        l2: float = 0.0,
    ) -> None: ...

class Perceptron(_kinds.Classifier, base.MiniBatchClassifier):
    l2: float
    clip_gradient: float
    initializer: optim.base.Initializer | None
    def __init__(
        self,
        l2: float = 0.0,
        clip_gradient: float = 1000000000000.0,
        initializer: optim.base.Initializer | None = None,
    ) -> None: ...

class PAClassifier(_kinds.Classifier, base.Classifier):
    C: float
    mode: int
    learn_intercept: bool
    def __init__(
        self,
        C: float = 1.0,
        mode: int = 1,
        learn_intercept: bool = True,
    ) -> None: ...

class PARegressor(_kinds.Regressor, base.Regressor):
    C: float
    mode: int
    eps: float
    learn_intercept: bool
    def __init__(
        self,
        C: float = 1.0,
        mode: int = 1,
        eps: float = 0.1,
        learn_intercept: bool = True,
    ) -> None: ...

class ALMAClassifier(_kinds.Classifier, base.Classifier):
    p: float
    alpha: float
    B: float
    C: float
    def __init__(
        self,
        p: float = 2.0,
        alpha: float = 0.9,
        B: float = 1.1111111111111112,
        C: float = 1.4142135623730951,
    ) -> None: ...

class BayesianLinearRegression(_kinds.Regressor, base.MiniBatchRegressor):
    alpha: float
    beta: float
    smoothing: float | None
    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        smoothing: float | None = None,
    ) -> None: ...

class BayesianLogisticRegression(_kinds.Classifier, base.Classifier):
    alpha: float
    learn_intercept: bool
    def __init__(
        self,
        alpha: float = 1.0,
        learn_intercept: bool = True,
    ) -> None: ...
