"""What drift detectors show."""

from __future__ import annotations

import collections.abc
import typing


def _shown(name: str, doc: str) -> property:
    def look_up(self: typing.Any) -> typing.Any:
        return self._attribute(name)

    return property(look_up, doc=doc)


class ADWIN:
    estimation = _shown("estimation", "The mean of the window.")
    n_detections = _shown("n_detections", "How many changes this window has shown.")
    total = _shown("total", "The sum of the window.")
    variance = _shown("variance", "The sum of squared distances from the window's mean.")
    width = _shown("width", "How many numbers the window holds.")


class KSWIN:
    p_value = _shown("p_value", "How probable the last comparison was without a change.")


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
