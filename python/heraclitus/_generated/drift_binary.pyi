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

class FHDDM(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    sliding_window_size: int
    confidence_level: float
    short_window_size: int | None
    def __init__(
        self,
        sliding_window_size: int = 100,
        confidence_level: float = 1e-6,
        short_window_size: int | None = None,
    ) -> None: ...

class HDDMA(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    drift_confidence: float
    warning_confidence: float
    two_sided_test: bool
    def __init__(
        self,
        drift_confidence: float = 0.001,
        warning_confidence: float = 0.005,
        two_sided_test: bool = False,
    ) -> None: ...

class HDDMW(_kinds.DriftDetector, base.BinaryDriftAndWarningDetector):
    drift_confidence: float
    warning_confidence: float
    lambda_val: float
    two_sided_test: bool
    def __init__(
        self,
        drift_confidence: float = 0.001,
        warning_confidence: float = 0.005,
        lambda_val: float = 0.05,
        two_sided_test: bool = False,
    ) -> None: ...
