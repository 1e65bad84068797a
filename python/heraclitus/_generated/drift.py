"""River's `drift`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "ADWIN",
    "DriftRetrainingClassifier",
    "DummyDriftDetector",
    "KSWIN",
    "NoDrift",
    "PageHinkley",
]


@mixed
class ADWIN(_kinds.DriftDetector, base.DriftDetector):
    """A window that holds what has not changed.

    Parameters
    ----------
    delta
        How probable a false alarm may be, above 0 and at most 1: the smaller, the more careful.
    clock
        How often the window is looked at: 1 means at every number.
    max_buckets
        How many buckets of one size there may be, 1 to 1000.
    min_window_length
        The shortest half of a window that is compared.
    grace_period
        No change is looked for in windows up to this long.

    """

    _entry = "ADWIN"

    def __init__(
        self,
        delta: float = 0.002,
        clock: int = 32,
        max_buckets: int = 5,
        min_window_length: int = 5,
        grace_period: int = 10,
    ) -> None:
        self._start(
            delta=delta,
            clock=clock,
            max_buckets=max_buckets,
            min_window_length=min_window_length,
            grace_period=grace_period,
        )


@mixed
class KSWIN(_kinds.DriftDetector, base.DriftDetector):
    """Compares the latest numbers with a sample of the older ones.

    Parameters
    ----------
    alpha
        How probable a false alarm may be at one number, between 0 and 1; below 0.01 is wise.
    window_size
        How many numbers are kept: at least twice `stat_size`.
    stat_size
        How many of the newest numbers are compared, 1 to 10,000.
    seed
        The seed of the sample; without one it is 0, where River draws one.
    window
        Numbers to begin with, so that the window fills sooner.

    """

    _entry = "KSWIN"

    def __init__(
        self,
        alpha: float = 0.005,
        window_size: int = 100,
        stat_size: int = 30,
        seed: int | None = None,
        window: typing.Iterable[float] | None = None,
    ) -> None:
        self._start(
            alpha=alpha,
            window_size=window_size,
            stat_size=stat_size,
            seed=seed,
            window=window,
        )


@mixed
class PageHinkley(_kinds.DriftDetector, base.DriftDetector):
    """The sum of what lies above or below the mean, since it was smallest.

    Parameters
    ----------
    min_instances
        Numbers to see before a change is reported.
    delta
        The change of the mean that does not count.
    threshold
        The sum from which on a change is reported.
    alpha
        Share of the sums that stays at each number, between 0 and 1.
    mode
        Which changes are looked for: `"up"`, `"down"` or `"both"`.

    """

    _entry = "PageHinkley"

    def __init__(
        self,
        min_instances: int = 30,
        delta: float = 0.005,
        threshold: float = 50.0,
        alpha: float = 0.9999,
        mode: typing.Any = "both",
    ) -> None:
        self._start(
            min_instances=min_instances,
            delta=delta,
            threshold=threshold,
            alpha=alpha,
            mode=mode,
        )


@mixed
class NoDrift(_kinds.DriftDetector, base.DriftDetector):
    """Never reports a change.

    """

    _entry = "NoDrift"

    def __init__(self) -> None:
        self._start()


@mixed
class DummyDriftDetector(_kinds.DriftDetector, base.DriftDetector):
    """Reports changes by the count of numbers alone.

    Parameters
    ----------
    trigger_method
        When changes are reported: `"fixed"` or `"random"`.
    t_0
        Numbers between two changes, at least 1.
    w
        Width of the warm-up (`fixed`) or of the slope (`random`, where it must be above 0).
    dynamic_cloning
        Whether each copy gets a seed of its own; there are no copies here, it must be false.
    seed
        The seed; without one it is 0, where River draws one.

    """

    _entry = "DummyDriftDetector"

    def __init__(
        self,
        trigger_method: typing.Any = "fixed",
        t_0: int = 300,
        w: int = 0,
        dynamic_cloning: bool = False,
        seed: int | None = None,
    ) -> None:
        self._start(
            trigger_method=trigger_method,
            t_0=t_0,
            w=w,
            dynamic_cloning=dynamic_cloning,
            seed=seed,
        )


@mixed
class DriftRetrainingClassifier(_kinds.Classifier, base.Wrapper, base.Classifier):
    """A classifier that is replaced when its errors change.

    Parameters
    ----------
    model
        The classifier; any spec, pipelines too.
    drift_detector
        The detector of changes; one that warns if there is training in the background.
    train_in_background
        True when a classifier learns in the background while the detector warns.

    """

    _entry = "DriftRetrainingClassifier"
    _objects: typing.ClassVar = {
        "drift_detector": "DDM",
    }

    def __init__(
        self,
        model: base.Base | None,
        drift_detector: base.Base | None = None,
        train_in_background: bool = True,
    ) -> None:
        self._start(
            model=model,
            drift_detector=drift_detector,
            train_in_background=train_in_background,
        )
