"""Additions to the ensembles."""

from __future__ import annotations

import collections.abc
import typing

Params = collections.abc.Iterator[dict[str, typing.Any]]


def _of_classifier(cls: type) -> Params:
    from ..linear_model import LogisticRegression

    yield {"model": LogisticRegression()}


def _three() -> list[typing.Any]:
    from ..linear_model import LogisticRegression
    from ..naive_bayes import GaussianNB
    from ..tree import HoeffdingTreeClassifier

    return [LogisticRegression(), HoeffdingTreeClassifier(), GaussianNB()]


class BaggingClassifier:
    _unit_test_params = classmethod(_of_classifier)


class ADWINBaggingClassifier:
    _unit_test_params = classmethod(_of_classifier)


class LeveragingBaggingClassifier:
    _unit_test_params = classmethod(_of_classifier)


class AdaBoostClassifier:
    _unit_test_params = classmethod(_of_classifier)


class ADWINBoostingClassifier:
    _unit_test_params = classmethod(_of_classifier)


class BOLEClassifier:
    _unit_test_params = classmethod(_of_classifier)


class BaggingRegressor:
    @classmethod
    def _unit_test_params(cls) -> Params:
        from ..linear_model import LinearRegression

        yield {"model": LinearRegression()}


class EWARegressor:
    @classmethod
    def _unit_test_params(cls) -> Params:
        from ..linear_model import LinearRegression, PARegressor
        from ..preprocessing import StandardScaler

        yield {
            "models": [
                StandardScaler() | LinearRegression(intercept_lr=0.1),
                StandardScaler() | PARegressor(),
            ]
        }


class StackingClassifier:
    @classmethod
    def _unit_test_params(cls) -> Params:
        from ..linear_model import LogisticRegression

        yield {"models": _three(), "meta_classifier": LogisticRegression()}


class VotingClassifier:
    @classmethod
    def _unit_test_params(cls) -> Params:
        yield {"models": _three()}


def _patches_skips(self: typing.Any) -> set[str]:
    # Which features a member sees is drawn from those of the first event.
    return {
        "check_shuffle_features_no_impact",
        "check_emerging_features",
        "check_disappearing_features",
    }


def _patches(cls: type) -> Params:
    yield {"n_models": 3, "seed": 42}


class SRPClassifier:
    _unit_test_params = classmethod(_patches)
    _unit_test_skips = _patches_skips


class SRPRegressor:
    @classmethod
    def _unit_test_params(cls) -> Params:
        from .. import linear_model, tree

        if hasattr(tree, "HoeffdingTreeRegressor"):
            yield {"n_models": 3, "seed": 42}
        else:
            yield {"model": linear_model.LinearRegression(), "n_models": 3, "seed": 42}

    _unit_test_skips = _patches_skips
