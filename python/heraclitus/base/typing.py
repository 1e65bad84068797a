"""Names for the types that events, labels and learners have."""

from __future__ import annotations

import typing

FeatureName = typing.Hashable
RegTarget = float
ClfTarget = bool | str | int
Target = ClfTarget | RegTarget
Dataset = typing.Iterable[tuple[dict[FeatureName, typing.Any], typing.Any]]
Stream = typing.Iterator[tuple[dict[FeatureName, typing.Any], typing.Any]]


class Learner(typing.Protocol):
    """What learns from one event at a time."""

    def learn_one(self, x: dict[FeatureName, typing.Any], y: Target) -> None: ...


class Predictor(Learner, typing.Protocol):
    """What learns, and predicts as well."""

    def predict_one(self, x: dict[FeatureName, typing.Any]) -> Target: ...


class SupportsComparisonGreater(typing.Protocol):
    """What can be the left side of `>`."""

    def __gt__(self, other: typing.Any, /) -> bool: ...


class SupportsComparisonLesser(typing.Protocol):
    """What can be the left side of `<`."""

    def __lt__(self, other: typing.Any, /) -> bool: ...


SupportsComparison = SupportsComparisonGreater | SupportsComparisonLesser
