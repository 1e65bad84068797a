"""Additions to the ensembles."""

from __future__ import annotations

import collections.abc
import typing

Params = collections.abc.Iterator[dict[str, typing.Any]]


def _given(self: typing.Any) -> list[typing.Any]:
    """The members, as they were given."""
    return self.__dict__["models"]


def _live(self: typing.Any) -> list[typing.Any]:
    """The members, which show what they learn inside of the ensemble."""
    members = []
    for i in range(self.n_models):
        member = self.model.clone()
        if not member._become_part(self, str(i)):
            raise TypeError(f"{type(self).__name__} does not show its members")
        member._belongs_to(self)
        members.append(member)
    return members


def _of_classifier(cls: type) -> Params:
    from ..linear_model import LogisticRegression

    yield {"model": LogisticRegression()}


def _three() -> list[typing.Any]:
    from ..linear_model import LogisticRegression
    from ..naive_bayes import GaussianNB
    from ..tree import HoeffdingTreeClassifier

    return [LogisticRegression(), HoeffdingTreeClassifier(), GaussianNB()]


class BaggingClassifier:
    data = property(_live)
    _unit_test_params = classmethod(_of_classifier)


class ADWINBaggingClassifier:
    data = property(_live)
    _unit_test_params = classmethod(_of_classifier)


class LeveragingBaggingClassifier:
    data = property(_live)
    _unit_test_params = classmethod(_of_classifier)


class AdaBoostClassifier:
    data = property(_live)
    _unit_test_params = classmethod(_of_classifier)


class ADWINBoostingClassifier:
    data = property(_live)
    _unit_test_params = classmethod(_of_classifier)


class BOLEClassifier:
    data = property(_live)
    _unit_test_params = classmethod(_of_classifier)


class BaggingRegressor:
    data = property(_live)

    @classmethod
    def _unit_test_params(cls) -> Params:
        from ..linear_model import LinearRegression

        yield {"model": LinearRegression()}


class EWARegressor:
    data = models = property(_given)

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
    data = models = property(_given)

    @classmethod
    def _unit_test_params(cls) -> Params:
        from ..linear_model import LogisticRegression

        yield {"models": _three(), "meta_classifier": LogisticRegression()}


class VotingClassifier:
    data = models = property(_given)

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
    data = property(_live)
    _unit_test_params = classmethod(_patches)
    _unit_test_skips = _patches_skips


class SRPRegressor:
    data = property(_live)

    @classmethod
    def _unit_test_params(cls) -> Params:
        from .. import linear_model, tree

        if hasattr(tree, "HoeffdingTreeRegressor"):
            yield {"n_models": 3, "seed": 42}
        else:
            yield {"model": linear_model.LinearRegression(), "n_models": 3, "seed": 42}

    _unit_test_skips = _patches_skips
