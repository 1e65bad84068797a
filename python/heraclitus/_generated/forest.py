"""River's `forest`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "AMFClassifier",
    "AMFRegressor",
    "ARFClassifier",
    "ARFRegressor",
]


@mixed
class AMFClassifier(_kinds.Classifier, base.Ensemble, base.Classifier):
    """Trees that grow at random times and weigh their nodes by how well they predicted.

    Parameters
    ----------
    n_estimators
        How many trees, 1 to 1,000.
    step
        How fast the weight of a node falls with its log-loss, 0 to 1,000.
    use_aggregation
        Mixes all nodes on an event's way; without, its leaf alone predicts.
    dirichlet
        What a class has before it was met, above 0 to 1,000; 1 / classes is a good choice.
    split_pure
        Splits nodes that have met one class only, too.
    max_nodes
        A tree of this many nodes splits no more, 1 to 10,000,000; 65,536 when left out.
    seed
        Fixes the trees; as 0 when left out.

    """

    _entry = "AMFClassifier"

    def __init__(
        self,
        n_estimators: int = 10,
        step: float = 1.0,
        use_aggregation: bool = True,
        dirichlet: float = 0.5,
        split_pure: bool = False,
        max_nodes: int | None = None,
        seed: int | None = None,
    ) -> None:
        self._start(
            n_estimators=n_estimators,
            step=step,
            use_aggregation=use_aggregation,
            dirichlet=dirichlet,
            split_pure=split_pure,
            max_nodes=max_nodes,
            seed=seed,
        )


@mixed
class AMFRegressor(_kinds.Regressor, base.Ensemble, base.Regressor):
    """Trees that grow at random times and weigh their nodes by how well they predicted.

    Parameters
    ----------
    n_estimators
        How many trees, 1 to 1,000.
    step
        How fast the weight of a node falls with its squared errors, 0 to 1,000.
    use_aggregation
        Mixes all nodes on an event's way; without, its leaf alone predicts.
    max_nodes
        A tree of this many nodes splits no more, 1 to 10,000,000; 65,536 when left out.
    seed
        Fixes the trees; as 0 when left out.

    """

    _entry = "AMFRegressor"

    def __init__(
        self,
        n_estimators: int = 10,
        step: float = 1.0,
        use_aggregation: bool = True,
        max_nodes: int | None = None,
        seed: int | None = None,
    ) -> None:
        self._start(
            n_estimators=n_estimators,
            step=step,
            use_aggregation=use_aggregation,
            max_nodes=max_nodes,
            seed=seed,
        )


@mixed
class ARFClassifier(_kinds.Classifier, base.Ensemble, base.Classifier):
    """Trees that look at random features and are replaced when their errors change.

    Parameters
    ----------
    n_models
        How many trees, 1 to 1,000.
    max_features
        How many features a leaf looks at: `sqrt`, `log2`, a number, a share of all, or all of
        them when null.
    lambda_value
        The mean of the weight with which a tree learns an event, 1 to 1,000.
    metric
        The figure by which trees vote.
    disable_weighted_vote
        Whether all trees vote alike.
    drift_detector
        What finds that a tree has become wrong; `NoDrift` for nothing.
    warning_detector
        What finds it early, so that a new tree can begin to grow; `NoDrift` for nothing.
    grace_period
        How much weight a leaf takes between two looks for a split.
    max_depth
        How deep a tree may become, 0 to 980; 980 when left out.
    split_criterion
        How a split is measured: `gini`, `info_gain` or `hellinger` (two classes).
    delta
        The probability that a split is not the best one, above 0 and below 1.
    tau
        Below this bound the best split is taken although another one is close.
    leaf_prediction
        How leaves predict: `mc`, `nb` or `nba`.
    nb_threshold
        The weight from which on a leaf of `nb` uses naive Bayes.
    nominal_attributes
        Names of numbers that are values to be told apart, not quantities.
    splitter
        How numbers are summarised: `GaussianSplitter` when left out.
    binary_split
        Whether nominal features part in two only.
    min_branch_fraction
        The share of the weight that two parts of a split at least must have.
    max_share_to_split
        A leaf whose heaviest class has a larger share looks for no split.
    max_size
        Memory that a tree may take, in MiB.
    memory_estimate_period
        After how much weight the memory is looked at.
    stop_mem_management
        Whether to stop growing when memory runs out; else leaves of little promise rest.
    remove_poor_attrs
        Whether features that are far behind are left out of a leaf (of `mc`).
    merit_preprune
        Whether not to split is one of the choices.
    seed
        Fixes all draws; as 0 when left out.

    """

    _entry = "ARFClassifier"
    _objects: typing.ClassVar = {
        "metric": "Accuracy",
        "drift_detector": {"ADWIN": {"delta": 0.001}},
        "warning_detector": {"ADWIN": {"delta": 0.01}},
    }

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
    ) -> None:
        self._start(
            n_models=n_models,
            max_features=max_features,
            lambda_value=lambda_value,
            metric=metric,
            disable_weighted_vote=disable_weighted_vote,
            drift_detector=drift_detector,
            warning_detector=warning_detector,
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
            seed=seed,
        )


@mixed
class ARFRegressor(_kinds.Regressor, base.Ensemble, base.Regressor):
    """Trees for numbers that look at random features and are replaced when they go wrong.

    Parameters
    ----------
    n_models
        How many trees, 1 to 1,000.
    max_features
        How many features a leaf looks at: `sqrt`, `log2`, a number, a share of all, or all of
        them when null.
    aggregation_method
        What is made of the trees' predictions: `mean` or `median`.
    lambda_value
        The mean of the weight with which a tree learns an event, 1 to 1,000.
    metric
        The figure by which the mean of predictions may be weighted.
    disable_weighted_vote
        Whether all trees count alike; they always do in a median.
    drift_detector
        What finds that a tree has become wrong; `NoDrift` for nothing.
    warning_detector
        What finds it early, so that a new tree can begin to grow; `NoDrift` for nothing.
    grace_period
        How much weight a leaf takes between two looks for a split.
    max_depth
        How deep a tree may become, 0 to 980; 980 when left out.
    delta
        How probable a wrong split may be, above 0 and at most 1.
    tau
        Below this bound the best split is taken although another one is close.
    leaf_prediction
        How leaves predict: by the `mean`, their `model`, or the better of both (`adaptive`).
    leaf_model
        The leaves' model: any regressor; `LinearRegression` when left out.
    model_selector_decay
        How much of its past errors `adaptive` keeps from event to event, 0 to 1.
    nominal_attributes
        Names of numbers that are values to be told apart, not quantities.
    splitter
        How numbers are summarised: `TEBSTSplitter` when left out.
    min_samples_split
        The weight of events that each branch of a split must get, 0 or more.
    binary_split
        Whether nominal features part in two only.
    max_size
        Memory that a tree may take, in MiB.
    memory_estimate_period
        After how much weight the memory is looked at.
    stop_mem_management
        Whether to stop growing when memory runs out; else leaves of little promise rest.
    remove_poor_attrs
        Whether features that are far behind are left out of a leaf.
    merit_preprune
        Whether not to split is one of the choices.
    seed
        Fixes all draws; as 0 when left out.

    """

    _entry = "ARFRegressor"
    _objects: typing.ClassVar = {
        "metric": "MSE",
        "drift_detector": {"ADWIN": {"delta": 0.001}},
        "warning_detector": {"ADWIN": {"delta": 0.01}},
    }

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
    ) -> None:
        self._start(
            n_models=n_models,
            max_features=max_features,
            aggregation_method=aggregation_method,
            lambda_value=lambda_value,
            metric=metric,
            disable_weighted_vote=disable_weighted_vote,
            drift_detector=drift_detector,
            warning_detector=warning_detector,
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
            seed=seed,
        )
