import typing

from .. import _kinds, base, optim

class StandardScaler(_kinds.Transformer, base.MiniBatchTransformer):
    with_std: bool
    window_size: int | None
    def __init__(
        self,
        with_std: bool = True,
        window_size: int | None = None,
    ) -> None: ...

class MinMaxScaler(_kinds.Transformer, base.Transformer):
    window_size: int | None
    def __init__(
        self,
        window_size: int | None = None,
    ) -> None: ...

class MaxAbsScaler(_kinds.Transformer, base.Transformer):
    window_size: int | None
    def __init__(
        self,
        window_size: int | None = None,
    ) -> None: ...

class RobustScaler(_kinds.Transformer, base.Transformer):
    with_centering: bool
    with_scaling: bool
    q_inf: float
    q_sup: float
    def __init__(
        self,
        with_centering: bool = True,
        with_scaling: bool = True,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None: ...

class AdaptiveStandardScaler(_kinds.Transformer, base.Transformer):
    fading_factor: float
    def __init__(
        self,
        fading_factor: float = 0.3,
    ) -> None: ...

class Normalizer(_kinds.Transformer, base.Transformer):
    order: float
    def __init__(
        self,
        order: float = 2.0,
    ) -> None: ...

class Binarizer(_kinds.Transformer, base.Transformer):
    threshold: float
    dtype: typing.Any
    def __init__(
        self,
        threshold: float = 0.0,
        dtype: typing.Any = bool,
    ) -> None: ...

class OneHotEncoder(_kinds.Transformer, base.MiniBatchTransformer):
    categories: typing.Any
    drop_zeros: bool
    drop_first: bool
    def __init__(
        self,
        categories: typing.Any = None,
        drop_zeros: bool = False,
        drop_first: bool = False,
    ) -> None: ...

class OrdinalEncoder(_kinds.Transformer, base.MiniBatchTransformer):
    categories: typing.Any
    unknown_value: int | None
    none_value: int
    def __init__(
        self,
        categories: typing.Any = None,
        unknown_value: int | None = 0,
        none_value: int = -1,
    ) -> None: ...

class FeatureHasher(_kinds.Transformer, base.Transformer):
    n_features: int
    seed: int | None
    alternate_sign: bool
    def __init__(
        self,
        n_features: int = 1048576,
        seed: int | None = None,
        alternate_sign: bool = True,
    ) -> None: ...

class StatImputer(_kinds.Transformer, base.Transformer):
    imputers: typing.Any
    def __init__(
        self,
        *imputers: typing.Any,
    ) -> None: ...

class PreviousImputer(_kinds.Transformer, base.Transformer):
    def __init__(
        self,
    ) -> None: ...

class TargetStandardScaler(_kinds.Regressor, base.Wrapper, base.Regressor):
    regressor: base.Base | None
    def __init__(
        self,
        regressor: base.Base | None,
    ) -> None: ...

class TargetMinMaxScaler(_kinds.Regressor, base.Wrapper, base.Regressor):
    regressor: base.Base | None
    def __init__(
        self,
        regressor: base.Base | None,
    ) -> None: ...

class PredClipper(_kinds.Regressor, base.Wrapper, base.Regressor):
    regressor: base.Base | None
    y_min: float | None
    y_max: float | None
    def __init__(
        self,
        regressor: base.Base | None,
        y_min: float | None,
        y_max: float | None,
    ) -> None: ...
