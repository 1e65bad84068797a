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

class ADWINBaggingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    model: base.Base | None
    n_models: int
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None: ...

class LeveragingBaggingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    model: base.Base | None
    n_models: int
    w: float
    adwin_delta: float
    bagging_method: typing.Any
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        w: float = 6.0,
        adwin_delta: float = 0.002,
        bagging_method: typing.Any = "bag",
        seed: int | None = None,
    ) -> None: ...

class SRPClassifier(_kinds.Classifier, base.Wrapper, base.Classifier, base.Ensemble):
    model: base.Base | None
    n_models: int
    subspace_size: typing.Any
    training_method: typing.Any
    lam: float
    drift_detector: base.Base | None
    warning_detector: base.Base | None
    disable_detector: typing.Any
    disable_weighted_vote: bool
    seed: int | None
    metric: base.Base | None
    def __init__(
        self,
        model: base.Base | None = None,
        n_models: int = 10,
        subspace_size: typing.Any = 0.6,
        training_method: typing.Any = "patches",
        lam: float = 6.0,
        drift_detector: base.Base | None = None,
        warning_detector: base.Base | None = None,
        disable_detector: typing.Any = "off",
        disable_weighted_vote: bool = False,
        seed: int | None = None,
        metric: base.Base | None = None,
    ) -> None: ...

class SRPRegressor(_kinds.Regressor, base.Wrapper, base.Regressor, base.Ensemble):
    model: base.Base | None
    n_models: int
    subspace_size: typing.Any
    training_method: typing.Any
    lam: float
    drift_detector: base.Base | None
    warning_detector: base.Base | None
    disable_detector: typing.Any
    disable_weighted_vote: bool
    drift_detection_criteria: typing.Any
    aggregation_method: typing.Any
    seed: int | None
    metric: base.Base | None
    def __init__(
        self,
        model: base.Base | None = None,
        n_models: int = 10,
        subspace_size: typing.Any = 0.6,
        training_method: typing.Any = "patches",
        lam: float = 6.0,
        drift_detector: base.Base | None = None,
        warning_detector: base.Base | None = None,
        disable_detector: typing.Any = "off",
        disable_weighted_vote: bool = True,
        drift_detection_criteria: typing.Any = "prediction",
        aggregation_method: typing.Any = "mean",
        seed: int | None = None,
        metric: base.Base | None = None,
    ) -> None: ...

class EWARegressor(_kinds.Regressor, base.Ensemble, base.Regressor):
    models: typing.Iterable[typing.Any]
    loss: optim.base.Loss | None
    learning_rate: float
    def __init__(
        self,
        models: typing.Iterable[typing.Any],
        loss: optim.base.Loss | None = None,
        learning_rate: float = 0.5,
    ) -> None: ...

class VotingClassifier(_kinds.Classifier, base.Classifier, base.Ensemble):
    models: typing.Iterable[typing.Any]
    use_probabilities: bool
    def __init__(
        self,
        models: typing.Iterable[typing.Any],
        use_probabilities: bool = True,
    ) -> None: ...

class StackingClassifier(_kinds.Classifier, base.Ensemble, base.Classifier):
    models: typing.Iterable[typing.Any]
    meta_classifier: base.Base | None
    include_features: bool
    def __init__(
        self,
        models: typing.Iterable[typing.Any],
        meta_classifier: base.Base | None,
        include_features: bool = True,
    ) -> None: ...

class AdaBoostClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    model: base.Base | None
    n_models: int
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None: ...

class ADWINBoostingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    model: base.Base | None
    n_models: int
    seed: int | None
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None: ...

class BOLEClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    model: base.Base | None
    n_models: int
    seed: int | None
    error_bound: float
    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
        error_bound: float = 0.5,
    ) -> None: ...
