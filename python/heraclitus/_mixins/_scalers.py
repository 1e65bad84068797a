"""Additions to the scalers: what they learned, as River shows it."""

from __future__ import annotations

import collections
import functools
import typing

from .. import _frames, _kinds

Numbers = dict[typing.Any, float]


def _updated(stat: typing.Any, values: typing.Iterable[float]) -> typing.Any:
    for value in values:
        stat.update(value)
    return stat


class StandardScaler:
    @property
    def counts(self: typing.Any) -> collections.Counter:
        """How many numbers of each feature came."""
        return collections.Counter({f: int(n) for f, n in self._attribute("counts").items()})

    @property
    def means(self: typing.Any) -> collections.defaultdict:
        """The mean of each feature; with a window, a rolling mean."""
        from .. import stats

        return self._shown("means", stats.Mean)

    @property
    def vars(self: typing.Any) -> collections.defaultdict:
        """The variance of each feature; with a window, a rolling one."""
        from .. import stats

        return self._shown("vars", stats.Var, ddof=0)

    def _shown(
        self: typing.Any, name: str, stat: type, **params: typing.Any
    ) -> collections.defaultdict:
        if self.window_size is None:
            return collections.defaultdict(float, self._attribute(name))
        from ..utils import Rolling

        def rolling() -> typing.Any:
            return Rolling(stat, window_size=self.window_size, **params)

        windows = self._attribute("window").items()
        return collections.defaultdict(rolling, {f: _updated(rolling(), w) for f, w in windows})

    @classmethod
    def _from_state(
        cls: typing.Any,
        counts: Numbers,
        means: Numbers,
        vars: Numbers | None = None,
        *,
        with_std: bool = True,
    ) -> typing.Any:
        """A scaler that goes on from these statistics."""
        scaler = cls(with_std=with_std)
        scaler._set_attribute("counts", dict(counts))
        scaler._set_attribute("means", dict(means))
        if with_std and vars is not None:
            scaler._set_attribute("vars", dict(vars))
        return scaler

    def transform_many(self: typing.Any, X: typing.Any) -> typing.Any:
        """Transform the rows of a frame.

        Parameters
        ----------
        X
            A frame, an event a row.

        Returns
        -------
        A frame of the same library; columns of narrow floats stay narrow.

        """
        return _frames.narrowed(_frames.transform(self, X), X)


class MinMaxScaler:
    @property
    def min(self: typing.Any) -> collections.defaultdict:
        """The smallest number of each feature."""
        from .. import stats

        return _extremes(self, "min", stats.Min, stats.RollingMin)

    @property
    def max(self: typing.Any) -> collections.defaultdict:
        """The largest number of each feature."""
        from .. import stats

        return _extremes(self, "max", stats.Max, stats.RollingMax)

    @classmethod
    def _from_state(
        cls: typing.Any, min: Numbers, max: Numbers, window_size: int | None = None
    ) -> typing.Any:
        """A scaler that goes on from these ranges."""
        scaler = cls(window_size=window_size)
        scaler._set_attribute("min", dict(min))
        scaler._set_attribute("max", dict(max))
        return scaler


class MaxAbsScaler:
    @property
    def abs_max(self: typing.Any) -> collections.defaultdict:
        """The largest absolute value of each feature."""
        from .. import stats

        return _extremes(self, "abs_max", stats.AbsMax, stats.RollingAbsMax)

    @classmethod
    def _from_state(
        cls: typing.Any, abs_max: Numbers, window_size: int | None = None
    ) -> typing.Any:
        """A scaler that goes on from these largest values."""
        scaler = cls(window_size=window_size)
        scaler._set_attribute("abs_max", dict(abs_max))
        return scaler


def _extremes(
    scaler: typing.Any, name: str, whole: typing.Any, rolling: typing.Any
) -> collections.defaultdict:
    """Statistics by feature that say what the core knows now."""
    size = scaler.window_size
    make = whole if size is None else functools.partial(rolling, size)
    shown = {f: _updated(make(), (value,)) for f, value in scaler._attribute(name).items()}
    return collections.defaultdict(make, shown)


class Binarizer:
    def transform_one(self: typing.Any, x: Numbers) -> dict[typing.Any, typing.Any]:
        """Transform a set of features `x`: each becomes a value of `dtype`."""
        above = _kinds.Transformer.transform_one(self, x)
        return {f: self.dtype(v) for f, v in above.items()}
