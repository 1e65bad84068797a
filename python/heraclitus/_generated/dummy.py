"""River's `dummy`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "NoChangeClassifier",
    "PriorClassifier",
    "StatisticRegressor",
]


@mixed
class NoChangeClassifier(_kinds.Classifier, base.Classifier):
    """Predicts the last class again.

    """

    _entry = "NoChangeClassifier"

    def __init__(self) -> None:
        self._start()


@mixed
class PriorClassifier(_kinds.Classifier, base.Classifier):
    """Predicts how often each class came.

    """

    _entry = "PriorClassifier"

    def __init__(self) -> None:
        self._start()


@mixed
class StatisticRegressor(_kinds.Regressor, base.Regressor):
    """Predicts a statistic of the targets so far.

    Parameters
    ----------
    statistic
        The statistic of the targets that is predicted.

    """

    _entry = "StatisticRegressor"

    def __init__(
        self,
        statistic: base.Base | None,
    ) -> None:
        self._start(
            statistic=statistic,
        )
