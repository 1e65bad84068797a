import typing

from .. import _kinds, base, optim

class ADWIN(_kinds.DriftDetector, base.DriftDetector):
    delta: float
    clock: int
    max_buckets: int
    min_window_length: int
    grace_period: int
    def __init__(
        self,
        delta: float = 0.002,
        clock: int = 32,
        max_buckets: int = 5,
        min_window_length: int = 5,
        grace_period: int = 10,
    ) -> None: ...

class KSWIN(_kinds.DriftDetector, base.DriftDetector):
    alpha: float
    window_size: int
    stat_size: int
    seed: int | None
    window: typing.Iterable[float] | None
    def __init__(
        self,
        alpha: float = 0.005,
        window_size: int = 100,
        stat_size: int = 30,
        seed: int | None = None,
        window: typing.Iterable[float] | None = None,
    ) -> None: ...

class PageHinkley(_kinds.DriftDetector, base.DriftDetector):
    min_instances: int
    delta: float
    threshold: float
    alpha: float
    mode: typing.Any
    def __init__(
        self,
        min_instances: int = 30,
        delta: float = 0.005,
        threshold: float = 50.0,
        alpha: float = 0.9999,
        mode: typing.Any = "both",
    ) -> None: ...

class NoDrift(_kinds.DriftDetector, base.DriftDetector):
    def __init__(
        self,
    ) -> None: ...

class DummyDriftDetector(_kinds.DriftDetector, base.DriftDetector):
    trigger_method: typing.Any
    t_0: int
    w: int
    dynamic_cloning: bool
    seed: int | None
    def __init__(
        self,
        trigger_method: typing.Any = "fixed",
        t_0: int = 300,
        w: int = 0,
        dynamic_cloning: bool = False,
        seed: int | None = None,
    ) -> None: ...

class DriftRetrainingClassifier(_kinds.Classifier, base.Wrapper, base.Classifier):
    model: base.Base | None
    drift_detector: base.Base | None
    train_in_background: bool
    def __init__(
        self,
        model: base.Base | None,
        drift_detector: base.Base | None = None,
        train_in_background: bool = True,
    ) -> None: ...
