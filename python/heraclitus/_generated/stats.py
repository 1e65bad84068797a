"""River's `stats`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed
from ..stats import base as stats_base

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "AbsMax",
    "Count",
    "EWMean",
    "EWVar",
    "IQR",
    "Kurtosis",
    "MAD",
    "Max",
    "Mean",
    "Min",
    "Mode",
    "PeakToPeak",
    "Quantile",
    "RollingAbsMax",
    "RollingIQR",
    "RollingMax",
    "RollingMin",
    "RollingMode",
    "RollingPeakToPeak",
    "RollingQuantile",
    "SEM",
    "Shift",
    "Skew",
    "Sum",
    "Var",
]


@mixed
class Mean(_kinds.Univariate, stats_base.Univariate):
    """The running mean.

    """

    _entry = "Mean"

    def __init__(self) -> None:
        self._start()


@mixed
class Var(_kinds.Univariate, stats_base.Univariate):
    """The running variance.

    Parameters
    ----------
    ddof
        What is taken from the number of values in the divisor: 1 for a sample, 0 for all.

    """

    _entry = "Var"

    def __init__(
        self,
        ddof: int = 1,
    ) -> None:
        self._start(
            ddof=ddof,
        )


@mixed
class SEM(_kinds.Univariate, stats_base.Univariate):
    """The running standard error of the mean.

    Parameters
    ----------
    ddof
        What is taken from the number of values in the variance's divisor.

    """

    _entry = "SEM"

    def __init__(
        self,
        ddof: int = 1,
    ) -> None:
        self._start(
            ddof=ddof,
        )


@mixed
class Sum(_kinds.Univariate, stats_base.Univariate):
    """The running sum.

    """

    _entry = "Sum"

    def __init__(self) -> None:
        self._start()


@mixed
class Count(_kinds.Univariate, stats_base.Univariate):
    """How many numbers there were.

    """

    _entry = "Count"

    def __init__(self) -> None:
        self._start()


@mixed
class Min(_kinds.Univariate, stats_base.Univariate):
    """The smallest number so far.

    """

    _entry = "Min"

    def __init__(self) -> None:
        self._start()


@mixed
class Max(_kinds.Univariate, stats_base.Univariate):
    """The largest number so far.

    """

    _entry = "Max"

    def __init__(self) -> None:
        self._start()


@mixed
class AbsMax(_kinds.Univariate, stats_base.Univariate):
    """The largest absolute value so far.

    """

    _entry = "AbsMax"

    def __init__(self) -> None:
        self._start()


@mixed
class PeakToPeak(_kinds.Univariate, stats_base.Univariate):
    """The distance from the smallest number so far to the largest.

    """

    _entry = "PeakToPeak"

    def __init__(self) -> None:
        self._start()


@mixed
class EWMean(_kinds.Univariate, stats_base.Univariate):
    """The exponentially weighted mean.

    Parameters
    ----------
    fading_factor
        Share of the newest number, from 0 to 1: the larger, the faster the past fades.

    """

    _entry = "EWMean"

    def __init__(
        self,
        fading_factor: float = 0.5,
    ) -> None:
        self._start(
            fading_factor=fading_factor,
        )


@mixed
class EWVar(_kinds.Univariate, stats_base.Univariate):
    """The exponentially weighted variance.

    Parameters
    ----------
    fading_factor
        Share of the newest number, from 0 to 1: the larger, the faster the past fades.

    """

    _entry = "EWVar"

    def __init__(
        self,
        fading_factor: float = 0.5,
    ) -> None:
        self._start(
            fading_factor=fading_factor,
        )


@mixed
class Quantile(_kinds.Univariate, stats_base.Univariate):
    """A running quantile in constant memory.

    Parameters
    ----------
    q
        Which quantile, above 0 and below 1; 0.5 is the median.

    """

    _entry = "Quantile"

    def __init__(
        self,
        q: float = 0.5,
    ) -> None:
        self._start(
            q=q,
        )


@mixed
class IQR(_kinds.Univariate, stats_base.Univariate):
    """The running distance between two quantiles.

    Parameters
    ----------
    q_inf
        The lower quantile, from 0 to 1.
    q_sup
        The upper quantile, from 0 to 1, above `q_inf`.

    """

    _entry = "IQR"

    def __init__(
        self,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None:
        self._start(
            q_inf=q_inf,
            q_sup=q_sup,
        )


@mixed
class MAD(_kinds.Univariate, stats_base.Univariate):
    """The running median of the absolute distances from the running median.

    """

    _entry = "MAD"

    def __init__(self) -> None:
        self._start()


@mixed
class Mode(_kinds.Univariate, stats_base.Univariate):
    """The most common value.

    Parameters
    ----------
    k
        How many distinct values are counted, from 1 to 1,000,000, in the order of first
        sight; -1 counts as many as there may be.

    """

    _entry = "Mode"

    def __init__(
        self,
        k: int = 25,
    ) -> None:
        self._start(
            k=k,
        )


@mixed
class Shift(_kinds.Univariate, stats_base.Univariate):
    """The number of some numbers ago.

    Parameters
    ----------
    amount
        How many numbers ago, from 0 to 1,000,000.
    fill_value
        The value until there are enough numbers; `null` for none.

    """

    _entry = "Shift"

    def __init__(
        self,
        amount: int = 1,
        fill_value: float | None = None,
    ) -> None:
        self._start(
            amount=amount,
            fill_value=fill_value,
        )


@mixed
class Skew(_kinds.Univariate, stats_base.Univariate):
    """The running skewness.

    Parameters
    ----------
    bias
        Whether to leave the statistical bias uncorrected.

    """

    _entry = "Skew"

    def __init__(
        self,
        bias: bool = False,
    ) -> None:
        self._start(
            bias=bias,
        )


@mixed
class Kurtosis(_kinds.Univariate, stats_base.Univariate):
    """The running excess kurtosis.

    Parameters
    ----------
    bias
        Whether to leave the statistical bias uncorrected.

    """

    _entry = "Kurtosis"

    def __init__(
        self,
        bias: bool = False,
    ) -> None:
        self._start(
            bias=bias,
        )


@mixed
class RollingQuantile(_kinds.Univariate, stats_base.RollingUnivariate):
    """The exact quantile of a window.

    Parameters
    ----------
    q
        Which quantile, from 0 to 1; 0.5 is the median. River has no default here.
    window_size
        How many of the newest numbers count, from 1 to 1,000,000. It must be given.

    """

    _entry = "RollingQuantile"

    def __init__(
        self,
        q: float,
        window_size: int,
    ) -> None:
        self._start(
            q=q,
            window_size=window_size,
        )


@mixed
class RollingIQR(_kinds.Univariate, stats_base.RollingUnivariate):
    """The exact distance between two quantiles of a window.

    Parameters
    ----------
    window_size
        How many of the newest numbers count, from 1 to 1,000,000. It must be given.
    q_inf
        The lower quantile, from 0 to 1.
    q_sup
        The upper quantile, from 0 to 1, above `q_inf`.

    """

    _entry = "RollingIQR"

    def __init__(
        self,
        window_size: int,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None:
        self._start(
            window_size=window_size,
            q_inf=q_inf,
            q_sup=q_sup,
        )


@mixed
class RollingMin(_kinds.Univariate, stats_base.RollingUnivariate):
    """The smallest number of a window.

    Parameters
    ----------
    window_size
        How many of the newest numbers count, from 1 to 1,000,000. It must be given.

    """

    _entry = "RollingMin"

    def __init__(
        self,
        window_size: int,
    ) -> None:
        self._start(
            window_size=window_size,
        )


@mixed
class RollingMax(_kinds.Univariate, stats_base.RollingUnivariate):
    """The largest number of a window.

    Parameters
    ----------
    window_size
        How many of the newest numbers count, from 1 to 1,000,000. It must be given.

    """

    _entry = "RollingMax"

    def __init__(
        self,
        window_size: int,
    ) -> None:
        self._start(
            window_size=window_size,
        )


@mixed
class RollingAbsMax(_kinds.Univariate, stats_base.RollingUnivariate):
    """The largest absolute value of a window.

    Parameters
    ----------
    window_size
        How many of the newest numbers count, from 1 to 1,000,000. It must be given.

    """

    _entry = "RollingAbsMax"

    def __init__(
        self,
        window_size: int,
    ) -> None:
        self._start(
            window_size=window_size,
        )


@mixed
class RollingPeakToPeak(_kinds.Univariate, stats_base.RollingUnivariate):
    """The distance from the smallest number of a window to the largest.

    Parameters
    ----------
    window_size
        How many of the newest numbers count, from 1 to 1,000,000. It must be given.

    """

    _entry = "RollingPeakToPeak"

    def __init__(
        self,
        window_size: int,
    ) -> None:
        self._start(
            window_size=window_size,
        )


@mixed
class RollingMode(_kinds.Univariate, stats_base.RollingUnivariate):
    """The most common value of a window.

    Parameters
    ----------
    window_size
        How many of the newest numbers count, from 1 to 1,000,000. It must be given.

    """

    _entry = "RollingMode"

    def __init__(
        self,
        window_size: int,
    ) -> None:
        self._start(
            window_size=window_size,
        )
