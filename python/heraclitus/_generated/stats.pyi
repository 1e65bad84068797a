import typing

from .. import _kinds, base, optim
from ..stats import base as stats_base

class Mean(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Var(_kinds.Univariate, stats_base.Univariate):
    ddof: int
    def __init__(
        self,
        ddof: int = 1,
    ) -> None: ...

class SEM(_kinds.Univariate, stats_base.Univariate):
    ddof: int
    def __init__(
        self,
        ddof: int = 1,
    ) -> None: ...

class Sum(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Count(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Min(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Max(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class AbsMax(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class PeakToPeak(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class EWMean(_kinds.Univariate, stats_base.Univariate):
    fading_factor: float
    def __init__(
        self,
        fading_factor: float = 0.5,
    ) -> None: ...

class EWVar(_kinds.Univariate, stats_base.Univariate):
    fading_factor: float
    def __init__(
        self,
        fading_factor: float = 0.5,
    ) -> None: ...

class Quantile(_kinds.Univariate, stats_base.Univariate):
    q: float
    def __init__(
        self,
        q: float = 0.5,
    ) -> None: ...

class IQR(_kinds.Univariate, stats_base.Univariate):
    q_inf: float
    q_sup: float
    def __init__(
        self,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None: ...

class MAD(_kinds.Univariate, stats_base.Univariate):
    def __init__(
        self,
    ) -> None: ...

class Mode(_kinds.Univariate, stats_base.Univariate):
    k: int
    def __init__(
        self,
        k: int = 25,
    ) -> None: ...

class Shift(_kinds.Univariate, stats_base.Univariate):
    amount: int
    fill_value: float | None
    def __init__(
        self,
        amount: int = 1,
        fill_value: float | None = None,
    ) -> None: ...

class Skew(_kinds.Univariate, stats_base.Univariate):
    bias: bool
    def __init__(
        self,
        bias: bool = False,
    ) -> None: ...

class Kurtosis(_kinds.Univariate, stats_base.Univariate):
    bias: bool
    def __init__(
        self,
        bias: bool = False,
    ) -> None: ...

class RollingQuantile(_kinds.Univariate, stats_base.RollingUnivariate):
    q: float
    window_size: int
    def __init__(
        self,
        q: float,
        window_size: int,
    ) -> None: ...

class RollingIQR(_kinds.Univariate, stats_base.RollingUnivariate):
    window_size: int
    q_inf: float
    q_sup: float
    def __init__(
        self,
        window_size: int,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None: ...

class RollingMin(_kinds.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingMax(_kinds.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingAbsMax(_kinds.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingPeakToPeak(_kinds.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...

class RollingMode(_kinds.Univariate, stats_base.RollingUnivariate):
    window_size: int
    def __init__(
        self,
        window_size: int,
    ) -> None: ...
