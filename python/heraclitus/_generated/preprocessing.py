"""River's `preprocessing`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "AdaptiveStandardScaler",
    "Binarizer",
    "FeatureHasher",
    "MaxAbsScaler",
    "MinMaxScaler",
    "Normalizer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "PredClipper",
    "PreviousImputer",
    "RobustScaler",
    "StandardScaler",
    "StatImputer",
    "TargetMinMaxScaler",
    "TargetStandardScaler",
]


@mixed
class StandardScaler(_kinds.Transformer, base.MiniBatchTransformer):
    """Zero mean and unit variance, from running statistics.

    Parameters
    ----------
    with_std
        Whether to divide by the standard deviation.
    window_size
        How many of a feature's newest numbers count, from 1 to 1,000,000; `null` for all.

    """

    _entry = "StandardScaler"

    def __init__(
        self,
        with_std: bool = True,
        window_size: int | None = None,
    ) -> None:
        self._start(
            with_std=with_std,
            window_size=window_size,
        )


@mixed
class MinMaxScaler(_kinds.Transformer, base.Transformer):
    """The range of each feature becomes 0 to 1.

    Parameters
    ----------
    window_size
        How many of a feature's newest numbers count, from 1 to 1,000,000; `null` for all.

    """

    _entry = "MinMaxScaler"

    def __init__(
        self,
        window_size: int | None = None,
    ) -> None:
        self._start(
            window_size=window_size,
        )


@mixed
class MaxAbsScaler(_kinds.Transformer, base.Transformer):
    """Each feature is divided by its largest absolute value.

    Parameters
    ----------
    window_size
        How many of a feature's newest numbers count, from 1 to 1,000,000; `null` for all.

    """

    _entry = "MaxAbsScaler"

    def __init__(
        self,
        window_size: int | None = None,
    ) -> None:
        self._start(
            window_size=window_size,
        )


@mixed
class RobustScaler(_kinds.Transformer, base.Transformer):
    """Centred by the median, divided by the distance between two quantiles.

    Parameters
    ----------
    with_centering
        Whether to take the median off.
    with_scaling
        Whether to divide by the distance between the quantiles.
    q_inf
        The lower quantile, from 0 to 1.
    q_sup
        The upper quantile, from 0 to 1, above `q_inf`.

    """

    _entry = "RobustScaler"

    def __init__(
        self,
        with_centering: bool = True,
        with_scaling: bool = True,
        q_inf: float = 0.25,
        q_sup: float = 0.75,
    ) -> None:
        self._start(
            with_centering=with_centering,
            with_scaling=with_scaling,
            q_inf=q_inf,
            q_sup=q_sup,
        )


@mixed
class AdaptiveStandardScaler(_kinds.Transformer, base.Transformer):
    """Zero mean and unit variance, from statistics that fade.

    Parameters
    ----------
    fading_factor
        Share of the newest number, from 0 to 1: the larger, the faster the past fades.

    """

    _entry = "AdaptiveStandardScaler"

    def __init__(
        self,
        fading_factor: float = 0.3,
    ) -> None:
        self._start(
            fading_factor=fading_factor,
        )


@mixed
class Normalizer(_kinds.Transformer, base.Transformer):
    """Each event is divided by its norm.

    Parameters
    ----------
    order
        Order of the norm, from 0 to 1000: 1 adds absolute values, 2 is the usual length.

    """

    _entry = "Normalizer"

    def __init__(
        self,
        order: float = 2.0,
    ) -> None:
        self._start(
            order=order,
        )


@mixed
class Binarizer(_kinds.Transformer, base.Transformer):
    """1 above a threshold, 0 elsewhere.

    Parameters
    ----------
    threshold
        Numbers above it become 1, the others 0.
    dtype
        `bool`, `int` or `float`, as in River's spec; all give 0 and 1.

    """

    _entry = "Binarizer"

    def __init__(
        self,
        threshold: float = 0.0,
        dtype: typing.Any = bool,
    ) -> None:
        self._start(
            threshold=threshold,
            dtype=dtype,
        )


@mixed
class OneHotEncoder(_kinds.Transformer, base.MiniBatchTransformer):
    """A feature per category, 1 where it is met.

    Parameters
    ----------
    categories
        The categories by feature, `{"city": ["Delft", "Gouda"]}`: others give nothing.
        `null` for the categories that are met.
    drop_zeros
        Whether to leave out the categories that the event does not have.
    drop_first
        Whether to leave out the output feature whose name comes first in the alphabet.

    """

    _entry = "OneHotEncoder"

    def __init__(
        self,
        categories: typing.Any = None,
        drop_zeros: bool = False,
        drop_first: bool = False,
    ) -> None:
        self._start(
            categories=categories,
            drop_zeros=drop_zeros,
            drop_first=drop_first,
        )


@mixed
class OrdinalEncoder(_kinds.Transformer, base.MiniBatchTransformer):
    """Each category becomes an integer, in the order of first sight.

    Parameters
    ----------
    categories
        The codes by feature, `{"size": {"small": 1, "large": 2}}`, a number by how it is
        printed; others are unknown. `null` for the categories that are met.
    unknown_value
        The code of categories that were not learned; `null` to leave them out.
    none_value
        The code of a feature that is missing: in River one that is `None`.

    """

    _entry = "OrdinalEncoder"

    def __init__(
        self,
        categories: typing.Any = None,
        unknown_value: int | None = 0,
        none_value: int = -1,
    ) -> None:
        self._start(
            categories=categories,
            unknown_value=unknown_value,
            none_value=none_value,
        )


@mixed
class FeatureHasher(_kinds.Transformer, base.Transformer):
    """Any number of features in, n_features out.

    Parameters
    ----------
    n_features
        How many output features there are at most, from 1 to 4,294,967,295.
    seed
        Makes another hash. `null` is 0: River draws one, a replay could not.
    alternate_sign
        Whether half of the features count negatively.

    """

    _entry = "FeatureHasher"

    def __init__(
        self,
        n_features: int = 1048576,
        seed: int | None = None,
        alternate_sign: bool = True,
    ) -> None:
        self._start(
            n_features=n_features,
            seed=seed,
            alternate_sign=alternate_sign,
        )


@mixed
class StatImputer(_kinds.Transformer, base.Transformer):
    """A missing value is a statistic of those before, or a constant.

    Parameters
    ----------
    imputers
        Pairs of a feature's name and a statistic (`{"Mean": {}}`), a number or a text.

    """

    _entry = "StatImputer"

    def __init__(
        self,
        *imputers: typing.Any,
    ) -> None:
        self._start(
            imputers=imputers,
        )


@mixed
class PreviousImputer(_kinds.Transformer, base.Transformer):
    """A missing value is the one before.

    """

    _entry = "PreviousImputer"

    def __init__(self) -> None:
        self._start()


@mixed
class TargetStandardScaler(_kinds.Regressor, base.Wrapper, base.Regressor):
    """Targets become zero mean and unit variance for a regressor.

    Parameters
    ----------
    regressor
        The regressor that learns the scaled targets.

    """

    _entry = "TargetStandardScaler"

    def __init__(
        self,
        regressor: base.Base | None,
    ) -> None:
        self._start(
            regressor=regressor,
        )


@mixed
class TargetMinMaxScaler(_kinds.Regressor, base.Wrapper, base.Regressor):
    """Targets become 0 to 1 for a regressor.

    Parameters
    ----------
    regressor
        The regressor that learns the scaled targets.

    """

    _entry = "TargetMinMaxScaler"

    def __init__(
        self,
        regressor: base.Base | None,
    ) -> None:
        self._start(
            regressor=regressor,
        )


@mixed
class PredClipper(_kinds.Regressor, base.Wrapper, base.Regressor):
    """A regressor whose predictions stay between two numbers.

    Parameters
    ----------
    regressor
        The regressor whose predictions are limited.
    y_min
        The smallest prediction; `null` for no limit. River has no default here.
    y_max
        The largest prediction; `null` for no limit. River has no default here.

    """

    _entry = "PredClipper"

    def __init__(
        self,
        regressor: base.Base | None,
        y_min: float | None,
        y_max: float | None,
    ) -> None:
        self._start(
            regressor=regressor,
            y_min=y_min,
            y_max=y_max,
        )
