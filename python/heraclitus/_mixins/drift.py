"""Additions to what `drift` has."""

from __future__ import annotations

import collections.abc
import typing


class DriftRetrainingClassifier:
    @classmethod
    def _unit_test_params(cls) -> collections.abc.Iterator[dict[str, typing.Any]]:
        from ..drift.binary import DDM
        from ..linear_model import LogisticRegression
        from ..naive_bayes import GaussianNB
        from ..preprocessing import StandardScaler

        yield {"model": StandardScaler() | LogisticRegression(), "drift_detector": DDM()}
        yield {"model": GaussianNB(), "drift_detector": DDM()}


class DummyDriftDetector:
    @classmethod
    def _unit_test_params(cls) -> collections.abc.Iterator[dict[str, typing.Any]]:
        yield {"seed": 1}
