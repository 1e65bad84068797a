"""Drift detectors: whether a stream of numbers has changed."""

from __future__ import annotations

import abc

from . import base


class _BaseDriftDetector(base.Base):
    def __init__(self) -> None:
        self._drift_detected = False

    def _reset(self) -> None:
        self._drift_detected = False

    @property
    def drift_detected(self) -> bool:
        """Whether the last number brought a drift to light."""
        return self._drift_detected


class _BaseDriftAndWarningDetector(_BaseDriftDetector):
    def __init__(self) -> None:
        super().__init__()
        self._warning_detected = False

    def _reset(self) -> None:
        super()._reset()
        self._warning_detected = False

    @property
    def warning_detected(self) -> bool:
        """Whether the last number made a drift likely."""
        return self._warning_detected


class DriftDetector(_BaseDriftDetector):
    """A drift detector."""

    @abc.abstractmethod
    def update(self, x: int | float) -> None:
        """Takes the next number.

        Parameters
        ----------
        x
            The number.
        """


class DriftAndWarningDetector(DriftDetector, _BaseDriftAndWarningDetector):
    """A drift detector that warns first."""


class BinaryDriftDetector(_BaseDriftDetector):
    """A drift detector for what is true or false."""

    @abc.abstractmethod
    def update(self, x: bool) -> None:
        """Takes the next observation.

        Parameters
        ----------
        x
            Whether it was so, for instance whether a model was wrong.
        """


class BinaryDriftAndWarningDetector(BinaryDriftDetector, _BaseDriftAndWarningDetector):
    """A drift detector for what is true or false, that warns first."""
