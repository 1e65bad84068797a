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

class ARFClassifier(_kinds.Classifier, base.Ensemble, base.Classifier):
    n_models: int
    max_features: typing.Any
    lambda_value: int
    metric: base.Base | None
    disable_weighted_vote: bool
    drift_detector: base.Base | None
    warning_detector: base.Base | None
    grace_period: int
    max_depth: int | None
    split_criterion: typing.Any
    delta: float
    tau: float
    leaf_prediction: typing.Any
    nb_threshold: int
    nominal_attributes: typing.Iterable[typing.Any] | None
    splitter: base.Base | None | None
    binary_split: bool
    min_branch_fraction: float
    max_share_to_split: float
    max_size: float
    memory_estimate_period: int
    stop_mem_management: bool
    remove_poor_attrs: bool
    merit_preprune: bool
    seed: int | None
    def __init__(
        self,
        n_models: int = 10,
        max_features: typing.Any = "sqrt",
        lambda_value: int = 6,
        metric: base.Base | None = None,
        disable_weighted_vote: bool = False,
        drift_detector: base.Base | None = None,
        warning_detector: base.Base | None = None,
        grace_period: int = 50,
        max_depth: int | None = None,
        split_criterion: typing.Any = "info_gain",
        delta: float = 0.01,
        tau: float = 0.05,
        leaf_prediction: typing.Any = "nba",
        nb_threshold: int = 0,
        nominal_attributes: typing.Iterable[typing.Any] | None = None,
        splitter: base.Base | None | None = None,
        binary_split: bool = False,
        min_branch_fraction: float = 0.01,
        max_share_to_split: float = 0.99,
        max_size: float = 100.0,
        memory_estimate_period: int = 2000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
        seed: int | None = None,
    ) -> None: ...

class ARFRegressor(_kinds.Regressor, base.Ensemble, base.Regressor):
    n_models: int
    max_features: typing.Any
    aggregation_method: typing.Any
    lambda_value: int
    metric: base.Base | None
    disable_weighted_vote: bool
    drift_detector: base.Base | None
    warning_detector: base.Base | None
    grace_period: int
    max_depth: int | None
    delta: float
    tau: float
    leaf_prediction: typing.Any
    leaf_model: base.Base | None | None
    model_selector_decay: float
    nominal_attributes: typing.Iterable[typing.Any] | None
    splitter: base.Base | None | None
    min_samples_split: int
    binary_split: bool
    max_size: float
    memory_estimate_period: int
    stop_mem_management: bool
    remove_poor_attrs: bool
    merit_preprune: bool
    seed: int | None
    def __init__(
        self,
        n_models: int = 10,
        max_features: typing.Any = "sqrt",
        aggregation_method: typing.Any = "median",
        lambda_value: int = 6,
        metric: base.Base | None = None,
        disable_weighted_vote: bool = True,
        drift_detector: base.Base | None = None,
        warning_detector: base.Base | None = None,
        grace_period: int = 50,
        max_depth: int | None = None,
        delta: float = 0.01,
        tau: float = 0.05,
        leaf_prediction: typing.Any = "adaptive",
        leaf_model: base.Base | None | None = None,
        model_selector_decay: float = 0.95,
        nominal_attributes: typing.Iterable[typing.Any] | None = None,
        splitter: base.Base | None | None = None,
        min_samples_split: int = 5,
        binary_split: bool = False,
        max_size: float = 500.0,
        memory_estimate_period: int = 2000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
        seed: int | None = None,
    ) -> None: ...
