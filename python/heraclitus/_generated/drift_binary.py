"""River's `drift.binary`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "DDM",
    "EDDM",
    "FHDDM",
    "HDDMA",
    "HDDMW",
]


@mixed
class DDM(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    """An error rate that rises above its lowest.

    Parameters
    ----------
    warm_start
        Numbers to see before a change is reported.
    warning_threshold
        Deviations above the lowest rate from which on there is a warning.
    drift_threshold
        Deviations above the lowest rate from which on there is a change.

    """

    _entry = "DDM"

    def __init__(
        self,
        warm_start: int = 30,
        warning_threshold: float = 2.0,
        drift_threshold: float = 3.0,
    ) -> None:
        self._start(
            warm_start=warm_start,
            warning_threshold=warning_threshold,
            drift_threshold=drift_threshold,
        )


@mixed
class EDDM(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    """Errors that come closer together than they once did.

    Parameters
    ----------
    warm_start
        Errors to see before a change is reported.
    alpha
        Share of the largest distance below which there is a warning; at least `beta`.
    beta
        Share of the largest distance below which there is a change.

    """

    _entry = "EDDM"

    def __init__(
        self,
        warm_start: int = 30,
        alpha: float = 0.95,
        beta: float = 0.9,
    ) -> None:
        self._start(
            warm_start=warm_start,
            alpha=alpha,
            beta=beta,
        )


@mixed
class FHDDM(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    """An error rate of a window that falls below its highest.

    Parameters
    ----------
    sliding_window_size
        How many of the newest numbers the rate is taken of.
    confidence_level
        How probable a false alarm may be, above 0 and at most 1.
    short_window_size
        How many of the newest numbers a second rate is taken of; `null` for none.

    """

    _entry = "FHDDM"

    def __init__(
        self,
        sliding_window_size: int = 100,
        confidence_level: float = 1e-6,
        short_window_size: int | None = None,
    ) -> None:
        self._start(
            sliding_window_size=sliding_window_size,
            confidence_level=confidence_level,
            short_window_size=short_window_size,
        )


@mixed
class HDDMA(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    """An error rate that rises above its lowest by more than chance would have it.

    Parameters
    ----------
    drift_confidence
        How probable a false change may be, above 0 and at most 1.
    warning_confidence
        How probable a false warning may be, above 0 and at most 1.
    two_sided_test
        Whether a fall of the rate counts as well as a rise.

    """

    _entry = "HDDMA"

    def __init__(
        self,
        drift_confidence: float = 0.001,
        warning_confidence: float = 0.005,
        two_sided_test: bool = False,
    ) -> None:
        self._start(
            drift_confidence=drift_confidence,
            warning_confidence=warning_confidence,
            two_sided_test=two_sided_test,
        )


@mixed
class HDDMW(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    """A fading error rate that rises above its lowest by more than chance would have it.

    Parameters
    ----------
    drift_confidence
        How probable a false change may be, above 0 and at most 1.
    warning_confidence
        How probable a false warning may be, above 0 and at most 1.
    lambda_val
        Share of the newest number in the mean, from 0 to 1.
    two_sided_test
        Whether a fall of the rate counts as well as a rise.

    """

    _entry = "HDDMW"

    def __init__(
        self,
        drift_confidence: float = 0.001,
        warning_confidence: float = 0.005,
        lambda_val: float = 0.05,
        two_sided_test: bool = False,
    ) -> None:
        self._start(
            drift_confidence=drift_confidence,
            warning_confidence=warning_confidence,
            lambda_val=lambda_val,
            two_sided_test=two_sided_test,
        )
