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
    splitter: typing.Any
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
        splitter: typing.Any = None,
        binary_split: bool = False,
        min_branch_fraction: float = 0.01,
        max_share_to_split: float = 0.99,
        max_size: float = 100.0,
        memory_estimate_period: int = 1000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
    ) -> None: ...
