"""River's `tree`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "HoeffdingAdaptiveTreeClassifier",
    "HoeffdingAdaptiveTreeRegressor",
    "HoeffdingTreeClassifier",
    "HoeffdingTreeRegressor",
]


@mixed
class HoeffdingTreeClassifier(_kinds.Classifier, base.Classifier):
    """A decision tree that splits once a split has proven itself.

    Parameters
    ----------
    grace_period
        The weight of events that a leaf waits between two attempts to split, 1 or more.
    max_depth
        How deep the tree may become, 0 to 980; 980 when left out.
    split_criterion
        What splits are measured by: `info_gain`, `gini` or `hellinger` (two classes).
    delta
        How probable a wrong split may be, above 0 and at most 1.
    tau
        A bound below which the best split is taken although others are as good, 0 or more.
    leaf_prediction
        How leaves predict: by their majority (`mc`), naive Bayes (`nb`), or the better (`nba`).
    nb_threshold
        The weight of events from which on `nb` uses naive Bayes, 0 or more.
    nominal_attributes
        The names of numbers that are categories. Texts always are.
    splitter
        How numbers are summarised: `GaussianSplitter` when left out.
    binary_split
        Whether nominal attributes may only split in two.
    min_branch_fraction
        The share of events that at least two branches of a split must get, 0 to 1.
    max_share_to_split
        A leaf of which one class has a larger share than this does not split, 0 to 1.
    max_size
        The size that the tree may have, in MiB by our own estimate.
    memory_estimate_period
        The weight of events between two looks at the size, 1 or more.
    stop_mem_management
        Whether the tree stops growing for good once it is too large.
    remove_poor_attrs
        Whether `mc` leaves stop watching attributes that are far behind the best.
    merit_preprune
        Whether not to split competes with the splits.

    """

    _entry = "HoeffdingTreeClassifier"

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
    ) -> None:
        self._start(
            grace_period=grace_period,
            max_depth=max_depth,
            split_criterion=split_criterion,
            delta=delta,
            tau=tau,
            leaf_prediction=leaf_prediction,
            nb_threshold=nb_threshold,
            nominal_attributes=nominal_attributes,
            splitter=splitter,
            binary_split=binary_split,
            min_branch_fraction=min_branch_fraction,
            max_share_to_split=max_share_to_split,
            max_size=max_size,
            memory_estimate_period=memory_estimate_period,
            stop_mem_management=stop_mem_management,
            remove_poor_attrs=remove_poor_attrs,
            merit_preprune=merit_preprune,
        )


@mixed
class HoeffdingTreeRegressor(_kinds.Regressor, base.Regressor):
    """A decision tree for numbers that splits once a split has proven itself.

    Parameters
    ----------
    grace_period
        The weight of events that a leaf waits between two attempts to split, 1 or more.
    max_depth
        How deep the tree may become, 0 to 980; 980 when left out.
    delta
        How probable a wrong split may be, above 0 and at most 1.
    tau
        A bound below which the best split is taken although others are as good, 0 or more.
    leaf_prediction
        How leaves predict: by the `mean`, their `model`, or the better of both (`adaptive`).
    leaf_model
        The leaves' model: any regressor; `LinearRegression` when left out.
    model_selector_decay
        How much of its past errors `adaptive` keeps from event to event, 0 to 1.
    nominal_attributes
        The names of numbers that are categories. Texts always are.
    splitter
        How numbers are summarised: `TEBSTSplitter` when left out.
    min_samples_split
        The weight of events that each branch of a split must get, 0 or more.
    binary_split
        Whether splits may only be in two.
    max_size
        The size that the tree may have, in MiB by our own estimate.
    memory_estimate_period
        The weight of events between two looks at the size, 1 or more.
    stop_mem_management
        Whether the tree stops growing for good once it is too large.
    remove_poor_attrs
        Whether leaves stop watching attributes that are far behind the best.
    merit_preprune
        Whether not to split competes with the splits.

    """

    _entry = "HoeffdingTreeRegressor"

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
    ) -> None:
        self._start(
            grace_period=grace_period,
            max_depth=max_depth,
            delta=delta,
            tau=tau,
            leaf_prediction=leaf_prediction,
            leaf_model=leaf_model,
            model_selector_decay=model_selector_decay,
            nominal_attributes=nominal_attributes,
            splitter=splitter,
            min_samples_split=min_samples_split,
            binary_split=binary_split,
            max_size=max_size,
            memory_estimate_period=memory_estimate_period,
            stop_mem_management=stop_mem_management,
            remove_poor_attrs=remove_poor_attrs,
            merit_preprune=merit_preprune,
        )


@mixed
class HoeffdingAdaptiveTreeClassifier(_kinds.Classifier, base.Classifier):
    """A Hoeffding tree that replaces what has gone out of date.

    Parameters
    ----------
    grace_period
        The weight of events that a leaf waits between two attempts to split, 1 or more.
    max_depth
        How deep the tree may become, 0 to 980; 980 when left out.
    split_criterion
        What splits are measured by: `info_gain`, `gini` or `hellinger` (two classes).
    delta
        How probable a wrong split may be, above 0 and at most 1.
    tau
        A bound below which the best split is taken although others are as good, 0 or more.
    leaf_prediction
        How leaves predict: by their majority (`mc`), naive Bayes (`nb`), or the better (`nba`).
    nb_threshold
        The weight of events from which on `nb` uses naive Bayes, 0 or more.
    nominal_attributes
        The names of numbers that are categories. Texts always are.
    splitter
        How numbers are summarised: `GaussianSplitter` when left out.
    bootstrap_sampling
        Whether leaves learn an event as often as chance will.
    drift_window_threshold
        How many errors a branch and its alternate need before they are compared, 0 or more.
    drift_detector
        Watches the errors of each node: `ADWIN` when left out.
    switch_significance
        How probable a wrong replacement may be, above 0 and at most 1.
    binary_split
        Whether nominal attributes may only split in two.
    min_branch_fraction
        The share of events that at least two branches of a split must get, 0 to 1.
    max_share_to_split
        A leaf of which one class has a larger share than this does not split, 0 to 1.
    max_size
        The size that the tree may have, in MiB by our own estimate.
    memory_estimate_period
        The weight of events between two looks at the size, 1 or more.
    stop_mem_management
        Whether the tree stops growing for good once it is too large.
    remove_poor_attrs
        Without effect here, as in River: naive Bayes needs poor attributes too.
    merit_preprune
        Whether not to split competes with the splits.
    seed
        Fixes how often leaves learn; as 0 when left out.

    """

    _entry = "HoeffdingAdaptiveTreeClassifier"

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
    ) -> None:
        self._start(
            grace_period=grace_period,
            max_depth=max_depth,
            split_criterion=split_criterion,
            delta=delta,
            tau=tau,
            leaf_prediction=leaf_prediction,
            nb_threshold=nb_threshold,
            nominal_attributes=nominal_attributes,
            splitter=splitter,
            bootstrap_sampling=bootstrap_sampling,
            drift_window_threshold=drift_window_threshold,
            drift_detector=drift_detector,
            switch_significance=switch_significance,
            binary_split=binary_split,
            min_branch_fraction=min_branch_fraction,
            max_share_to_split=max_share_to_split,
            max_size=max_size,
            memory_estimate_period=memory_estimate_period,
            stop_mem_management=stop_mem_management,
            remove_poor_attrs=remove_poor_attrs,
            merit_preprune=merit_preprune,
            seed=seed,
        )


@mixed
class HoeffdingAdaptiveTreeRegressor(_kinds.Regressor, base.Regressor):
    """A Hoeffding tree for numbers that replaces what has gone out of date.

    Parameters
    ----------
    grace_period
        The weight of events that a leaf waits between two attempts to split, 1 or more.
    max_depth
        How deep the tree may become, 0 to 980; 980 when left out.
    delta
        How probable a wrong split may be, above 0 and at most 1.
    tau
        A bound below which the best split is taken although others are as good, 0 or more.
    leaf_prediction
        How leaves predict: by the `mean`, their `model`, or the better of both (`adaptive`).
    leaf_model
        The leaves' model: any regressor; `LinearRegression` when left out.
    model_selector_decay
        How much of its past errors `adaptive` keeps from event to event, 0 to 1.
    nominal_attributes
        The names of numbers that are categories. Texts always are.
    splitter
        How numbers are summarised: `TEBSTSplitter` when left out.
    min_samples_split
        The weight of events that each branch of a split must get, 0 or more.
    bootstrap_sampling
        Whether leaves learn an event as often as chance will.
    drift_window_threshold
        How many errors a branch and its alternate need before they are compared, 0 or more.
    drift_detector
        Watches the errors of each node: `ADWIN` when left out.
    switch_significance
        How probable a wrong replacement may be, above 0 and at most 1.
    binary_split
        Whether splits may only be in two.
    max_size
        The size that the tree may have, in MiB by our own estimate.
    memory_estimate_period
        The weight of events between two looks at the size, 1 or more.
    stop_mem_management
        Whether the tree stops growing for good once it is too large.
    remove_poor_attrs
        Whether leaves stop watching attributes that are far behind the best.
    merit_preprune
        Whether not to split competes with the splits.
    seed
        Fixes how often leaves learn; as 0 when left out.

    """

    _entry = "HoeffdingAdaptiveTreeRegressor"

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
    ) -> None:
        self._start(
            grace_period=grace_period,
            max_depth=max_depth,
            delta=delta,
            tau=tau,
            leaf_prediction=leaf_prediction,
            leaf_model=leaf_model,
            model_selector_decay=model_selector_decay,
            nominal_attributes=nominal_attributes,
            splitter=splitter,
            min_samples_split=min_samples_split,
            bootstrap_sampling=bootstrap_sampling,
            drift_window_threshold=drift_window_threshold,
            drift_detector=drift_detector,
            switch_significance=switch_significance,
            binary_split=binary_split,
            max_size=max_size,
            memory_estimate_period=memory_estimate_period,
            stop_mem_management=stop_mem_management,
            remove_poor_attrs=remove_poor_attrs,
            merit_preprune=merit_preprune,
            seed=seed,
        )
