import typing

from .. import _kinds, base, optim

class DDM(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    warm_start: int
    warning_threshold: float
    drift_threshold: float
    def __init__(
        self,
        warm_start: int = 30,
        warning_threshold: float = 2.0,
        drift_threshold: float = 3.0,
    ) -> None: ...

class EDDM(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    warm_start: int
    alpha: float
    beta: float
    def __init__(
        self,
        warm_start: int = 30,
        alpha: float = 0.95,
        beta: float = 0.9,
    ) -> None: ...
