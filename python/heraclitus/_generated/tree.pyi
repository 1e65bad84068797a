import typing

from .. import _kinds, base, optim

class HoeffdingTreeClassifier(_kinds.Classifier, base.Classifier):
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
    def __init__(
        self,
        grace_period: int = 200,
        max_depth: int | None = None,
        split_criterion: typing.Any = "info_gain",
        delta: float = 1e-7,
        tau: float = 0.05,
        leaf_prediction: typing.Any = "nba",
        nb_threshold: int = 0,
        nominal_attributes: typing.Iterable[typing.Any] | None = None,
        splitter: base.Base | None | None = None,
        binary_split: bool = False,
        min_branch_fraction: float = 0.01,
        max_share_to_split: float = 0.99,
        max_size: float = 100.0,
        memory_estimate_period: int = 1000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
    ) -> None: ...

class HoeffdingTreeRegressor(_kinds.Regressor, base.Regressor):
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
    def __init__(
        self,
        grace_period: int = 200,
        max_depth: int | None = None,
        delta: float = 1e-7,
        tau: float = 0.05,
        leaf_prediction: typing.Any = "adaptive",
        leaf_model: base.Base | None | None = None,
        model_selector_decay: float = 0.95,
        nominal_attributes: typing.Iterable[typing.Any] | None = None,
        splitter: base.Base | None | None = None,
        min_samples_split: int = 5,
        binary_split: bool = False,
        max_size: float = 500.0,
        memory_estimate_period: int = 1000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
    ) -> None: ...

class HoeffdingAdaptiveTreeClassifier(_kinds.Classifier, base.Classifier):
    grace_period: int
    max_depth: int | None
    split_criterion: typing.Any
    delta: float
    tau: float
    leaf_prediction: typing.Any
    nb_threshold: int
    nominal_attributes: typing.Iterable[typing.Any] | None
    splitter: base.Base | None | None
    bootstrap_sampling: bool
    drift_window_threshold: int
    drift_detector: base.Base | None | None
    switch_significance: float
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
        grace_period: int = 200,
        max_depth: int | None = None,
        split_criterion: typing.Any = "info_gain",
        delta: float = 1e-7,
        tau: float = 0.05,
        leaf_prediction: typing.Any = "nba",
        nb_threshold: int = 0,
        nominal_attributes: typing.Iterable[typing.Any] | None = None,
        splitter: base.Base | None | None = None,
        bootstrap_sampling: bool = True,
        drift_window_threshold: int = 300,
        drift_detector: base.Base | None | None = None,
        switch_significance: float = 0.05,
        binary_split: bool = False,
        min_branch_fraction: float = 0.01,
        max_share_to_split: float = 0.99,
        max_size: float = 100.0,
        memory_estimate_period: int = 1000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
        seed: int | None = None,
    ) -> None: ...

class HoeffdingAdaptiveTreeRegressor(_kinds.Regressor, base.Regressor):
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
    bootstrap_sampling: bool
    drift_window_threshold: int
    drift_detector: base.Base | None | None
    switch_significance: float
    binary_split: bool
    max_size: float
    memory_estimate_period: int
    stop_mem_management: bool
    remove_poor_attrs: bool
    merit_preprune: bool
    seed: int | None
    def __init__(
        self,
        grace_period: int = 200,
        max_depth: int | None = None,
        delta: float = 1e-7,
        tau: float = 0.05,
        leaf_prediction: typing.Any = "adaptive",
        leaf_model: base.Base | None | None = None,
        model_selector_decay: float = 0.95,
        nominal_attributes: typing.Iterable[typing.Any] | None = None,
        splitter: base.Base | None | None = None,
        min_samples_split: int = 5,
        bootstrap_sampling: bool = True,
        drift_window_threshold: int = 300,
        drift_detector: base.Base | None | None = None,
        switch_significance: float = 0.05,
        binary_split: bool = False,
        max_size: float = 500.0,
        memory_estimate_period: int = 1000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
        seed: int | None = None,
    ) -> None: ...
