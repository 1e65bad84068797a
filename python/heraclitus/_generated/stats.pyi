import typing

from .. import _native, base, optim
from .._shell import Shell
from ..stats import base as stats_base

class Mean(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Var(Shell, _native.Univariate, stats_base.Univariate):
    ddof: int
    def __init__(
        self,
        ddof: int = 1,
    ) -> None: ...

class SEM(Shell, _native.Univariate, stats_base.Univariate):
    ddof: int
    def __init__(
        self,
        ddof: int = 1,
    ) -> None: ...

class Sum(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Count(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Min(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Max(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class AbsMax(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class PeakToPeak(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class EWMean(Shell, _native.Univariate, stats_base.Univariate):
    fading_factor: float
    def __init__(
        self,
        fading_factor: float = 0.5,
    ) -> None: ...

class EWVar(Shell, _native.Univariate, stats_base.Univariate):
    fading_factor: float
    def __init__(
        self,
        fading_factor: float = 0.5,
    ) -> None: ...

class Quantile(Shell, _native.Univariate, stats_base.Univariate):
    q: float
    def __init__(
        self,
        q: float = 0.5,
    ) -> None: ...

class IQR(Shell, _native.Univariate, stats_base.Univariate):
    q_inf: float
    q_sup: float
    def __init__(
        self,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None: ...

class MAD(Shell, _native.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Mode(Shell, _native.Univariate, stats_base.Univariate):
    k: int
    def __init__(
        self,
        k: int = 25,
    ) -> None: ...

class Shift(Shell, _native.Univariate, stats_base.Univariate):
    amount: int
    fill_value: float | None
    def __init__(
        self,
        amount: int = 1,
        fill_value: float | None = None,
    ) -> None: ...

class Skew(Shell, _native.Univariate, stats_base.Univariate):
    bias: bool
    def __init__(
        self,
        bias: bool = False,
    ) -> None: ...

class Kurtosis(Shell, _native.Univariate, stats_base.Univariate):
    bias: bool
    def __init__(
        self,
        bias: bool = False,
    ) -> None: ...

class RollingQuantile(Shell, _native.Univariate, stats_base.RollingUnivariate):
    q: float
    window_size: int
    def __init__(
        self,
        q: float,
        window_size: int,
    ) -> None: ...

class RollingIQR(Shell, _native.Univariate, stats_base.RollingUnivariate):
    window_size: int
    q_inf: float
    q_sup: float
    def __init__(
        self,
        window_size: int,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None: ...

class RollingMin(Shell, _native.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingMax(Shell, _native.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingAbsMax(Shell, _native.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingPeakToPeak(Shell, _native.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingMode(Shell, _native.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...
