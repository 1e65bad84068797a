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
