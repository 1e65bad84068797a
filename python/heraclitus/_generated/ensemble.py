"""River's `ensemble`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "ADWINBaggingClassifier",
    "ADWINBoostingClassifier",
    "AdaBoostClassifier",
    "BOLEClassifier",
    "BaggingClassifier",
    "BaggingRegressor",
    "EWARegressor",
    "LeveragingBaggingClassifier",
    "SRPClassifier",
    "SRPRegressor",
    "StackingClassifier",
    "VotingClassifier",
]


@mixed
class BaggingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    """Classifiers that each learn an event as often as chance will.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "BaggingClassifier"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
        )


@mixed
class BaggingRegressor(_kinds.Regressor, base.WrapperEnsemble, base.Regressor):
    """Regressors that each learn an event as often as chance will.

    Parameters
    ----------
    model
        The regressor to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "BaggingRegressor"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
        )


@mixed
class ADWINBaggingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    """Bagging that makes a member anew when a series of hits changes.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "ADWINBaggingClassifier"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
        )


@mixed
class LeveragingBaggingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    """Bagging with more resampling that replaces its worst member when errors become more.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    w
        How often a member learns an event on average, for `bag`; 0 to 100.
    adwin_delta
        The delta of the windows: the smaller, the more careful.
    bagging_method
        How it is drawn how often a member learns: bag, me, half, wt or subag.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "LeveragingBaggingClassifier"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        w: float = 6.0,
        adwin_delta: float = 0.002,
        bagging_method: typing.Any = "bag",
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            w=w,
            adwin_delta=adwin_delta,
            bagging_method=bagging_method,
            seed=seed,
        )


@mixed
class SRPClassifier(_kinds.Classifier, base.Wrapper, base.Classifier, base.Ensemble):
    """Classifiers that see some features of some events, and begin anew after changes.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    subspace_size
        How many features a member sees: a number from 2 on, a fraction, sqrt or rmsqrt.
    training_method
        What members are trained on: subspaces, resampling or patches.
    lam
        How often a member learns an event on average, 0 to 100; subspaces are learned once.
    drift_detector
        The detector of changes of the errors.
    warning_detector
        The detector whose changes are warnings.
    disable_detector
        Which detectors are left out: off, drift (both) or warning.
    disable_weighted_vote
        True when all votes weigh the same.
    seed
        Fixes subspaces and how often members learn; as 0 when left out.
    metric
        The metric of each member by which its vote is weighted: the larger, the better.

    """

    _entry = "SRPClassifier"
    _objects: typing.ClassVar = {
        "model": {"HoeffdingTreeClassifier": {"grace_period": 50, "delta": 0.01}},
        "drift_detector": {"ADWIN": {"delta": 0.00001}},
        "warning_detector": {"ADWIN": {"delta": 0.0001}},
        "metric": "Accuracy",
    }

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
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            subspace_size=subspace_size,
            training_method=training_method,
            lam=lam,
            drift_detector=drift_detector,
            warning_detector=warning_detector,
            disable_detector=disable_detector,
            disable_weighted_vote=disable_weighted_vote,
            seed=seed,
            metric=metric,
        )


@mixed
class SRPRegressor(_kinds.Regressor, base.Wrapper, base.Regressor, base.Ensemble):
    """Regressors that see some features of some events, and begin anew after changes.

    Parameters
    ----------
    model
        The regressor to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    subspace_size
        How many features a member sees: a number from 2 on, a fraction, sqrt or rmsqrt.
    training_method
        What members are trained on: subspaces, resampling or patches.
    lam
        How often a member learns an event on average, 0 to 100; subspaces are learned once.
    drift_detector
        The detector of changes.
    warning_detector
        The detector whose changes are warnings.
    disable_detector
        Which detectors are left out: off, drift (both) or warning.
    disable_weighted_vote
        True when all predictions weigh the same; medians are never weighted.
    drift_detection_criteria
        What the detectors follow: prediction, which gives River's numbers, or error.
    aggregation_method
        What is made of the members' predictions: mean or median.
    seed
        Fixes subspaces and how often members learn; as 0 when left out.
    metric
        The metric of each member by which its prediction may be weighted.

    """

    _entry = "SRPRegressor"
    _objects: typing.ClassVar = {
        "model": {"HoeffdingTreeRegressor": {"grace_period": 50, "delta": 0.01}},
        "drift_detector": {"ADWIN": {"delta": 0.00001}},
        "warning_detector": {"ADWIN": {"delta": 0.0001}},
        "metric": "MAE",
    }

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
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            subspace_size=subspace_size,
            training_method=training_method,
            lam=lam,
            drift_detector=drift_detector,
            warning_detector=warning_detector,
            disable_detector=disable_detector,
            disable_weighted_vote=disable_weighted_vote,
            drift_detection_criteria=drift_detection_criteria,
            aggregation_method=aggregation_method,
            seed=seed,
            metric=metric,
        )


@mixed
class EWARegressor(_kinds.Regressor, base.Ensemble, base.Regressor):
    """Different regressors, weighted by how little they have lost.

    Parameters
    ----------
    models
        The regressors, 2 to 1,000.
    loss
        The loss by which regressors lose weight.
    learning_rate
        How fast they lose it, from 0 on.

    """

    _entry = "EWARegressor"
    _objects: typing.ClassVar = {
        "loss": {"Squared": {}},
    }

    def __init__(
        self,
        models: typing.Iterable[typing.Any],
        loss: optim.base.Loss | None = None,
        learning_rate: float = 0.5,
    ) -> None:
        self._start(
            models=models,
            loss=loss,
            learning_rate=learning_rate,
        )


@mixed
class VotingClassifier(_kinds.Classifier, base.Classifier, base.Ensemble):
    """Different classifiers that elect a class.

    Parameters
    ----------
    models
        The classifiers, 2 to 1,000.
    use_probabilities
        True when probabilities are summed, false when each classifier has one vote.

    """

    _entry = "VotingClassifier"

    def __init__(
        self,
        models: typing.Iterable[typing.Any],
        use_probabilities: bool = True,
    ) -> None:
        self._start(
            models=models,
            use_probabilities=use_probabilities,
        )


@mixed
class StackingClassifier(_kinds.Classifier, base.Ensemble, base.Classifier):
    """A classifier that learns from what other classifiers say.

    Parameters
    ----------
    models
        The classifiers that are learned from, 2 to 1,000.
    meta_classifier
        The classifier that learns from them.
    include_features
        True when it learns from the event's features too.

    """

    _entry = "StackingClassifier"

    def __init__(
        self,
        models: typing.Iterable[typing.Any],
        meta_classifier: base.Base | None,
        include_features: bool = True,
    ) -> None:
        self._start(
            models=models,
            meta_classifier=meta_classifier,
            include_features=include_features,
        )


@mixed
class AdaBoostClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    """Members that look longer at what those before them had wrong.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "AdaBoostClassifier"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
        )


@mixed
class ADWINBoostingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    """Boosting by votes that makes a member anew when a series of hits changes.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "ADWINBoostingClassifier"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
        )


@mixed
class BOLEClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    """Boosting that orders its members anew for every event.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.
    error_bound
        The largest share of wrong events with which a member votes, 0 to 0.5.

    """

    _entry = "BOLEClassifier"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
        error_bound: float = 0.5,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
            error_bound=error_bound,
        )
