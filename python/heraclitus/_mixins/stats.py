"""What River's statistics have beyond the catalogue: weights, names, any kind of value."""

from __future__ import annotations

import collections
import copy
import typing

from .._native import Univariate


class _Exact:
    """Whole numbers stay whole, as long as there is no other number."""

    def update(self, x: typing.Any) -> None:
        """Take the next number of the series."""
        Univariate.update(self, x)
        if type(x) is not int and "_broken" not in self.__dict__ and not isinstance(x, int):
            self.__dict__["_broken"] = True

    def get(self) -> typing.Any:
        """The statistic so far; `None` while there is none."""
        return _whole(self, Univariate.get(self))


class _Moments:
    """What takes weights, takes numbers back, and can be put together."""

    def revert(self, x: float, w: float = 1.0) -> None:
        """Take a number of weight `w` back."""
        self._revert(x, w)

    def __add__(self, other: typing.Any) -> typing.Any:
        result = copy.deepcopy(self)
        result += other
        return result

    def __sub__(self, other: typing.Any) -> typing.Any:
        result = copy.deepcopy(self)
        result -= other
        return result

    def __iadd__(self, other: typing.Any) -> typing.Any:
        n0, mean0, sum0 = self._moments
        n1, mean1, sum1 = other._moments
        n = n0 + n1
        if n:
            apart = (mean0 - mean1) ** 2 * n0 * n1 / n
            self._set_moments(n, (n0 * mean0 + n1 * mean1) / n, sum0 + sum1 + apart)
        return self

    def __isub__(self, other: typing.Any) -> typing.Any:
        n0, mean0, sum0 = self._moments
        n1, mean1, sum1 = other._moments
        n = n0 - n1
        if n <= 0:
            self._set_moments(0.0, 0.0, 0.0)
            return self
        mean = (n0 * mean0 - n1 * mean1) / n
        apart = (mean - mean1) ** 2 * n * n1 / (n + n1)
        self._set_moments(n, mean, sum0 - sum1 - apart)
        return self


class Mean:
    n = property(lambda self: self._moments[0], doc="The sum of weights.")
    revert = _Moments.revert
    __add__ = _Moments.__add__
    __sub__ = _Moments.__sub__
    __iadd__ = _Moments.__iadd__
    __isub__ = _Moments.__isub__

    @property
    def _mean(self) -> float:
        return self._moments[1]

    def update_many(self, X: typing.Any) -> None:
        """Take several numbers at once, as an array."""
        import numpy as np

        n, mean, _ = self._moments
        total = n + len(X)
        if total:
            mean = n / total * mean + len(X) / total * np.mean(X).item()
            self._set_moments(total, mean, 0.0)

    @classmethod
    def _from_state(cls, n: float, mean: float) -> typing.Any:
        new = cls()
        new._set_moments(n, mean, 0.0)
        return new


class Var:
    n = Mean.n
    revert = _Moments.revert
    __add__ = _Moments.__add__
    __sub__ = _Moments.__sub__
    __iadd__ = _Moments.__iadd__
    __isub__ = _Moments.__isub__

    @property
    def mean(self) -> typing.Any:
        """The mean, as it is now."""
        from ..stats import Mean

        return Mean._from_state(*self._moments[:2])

    @property
    def _S(self) -> float:
        return self._moments[2]

    def update_many(self, X: typing.Any) -> None:
        """Take several numbers at once, as an array."""
        import numpy as np

        n, old, total = self._moments
        count = n + len(X)
        if count:
            new = n / count * old + len(X) / count * np.mean(X).item()
            apart = np.multiply(np.subtract(X, old), np.subtract(X, new))
            self._set_moments(count, new, total + np.sum(apart).item())

    @classmethod
    def _from_state(cls, n: float, m: float, var: float, *, ddof: int = 1) -> typing.Any:
        new = cls(ddof=ddof)
        new._set_moments(n, m, (n - ddof) * var)
        return new


class SEM:
    n = Mean.n
    revert = _Moments.revert
    __add__ = _Moments.__add__
    __sub__ = _Moments.__sub__
    __iadd__ = _Moments.__iadd__
    __isub__ = _Moments.__isub__
    mean = Var.mean
    _S = Var._S
    update_many = Var.update_many
    _from_state = classmethod(Var._from_state.__func__)


class Sum:
    sum = property(lambda self: self.get(), doc="The sum so far.")

    def revert(self, x: float) -> None:
        """Take a number back."""
        self._revert(x)


class Count:
    n = property(lambda self: self.get(), doc="How many values there were.")

    def update(self, x: typing.Any = None) -> None:
        """Count one more; what it is does not matter."""
        Univariate.update(self, 0.0)

    def get(self) -> int:
        """How many values there were."""
        return int(Univariate.get(self))


class Min:
    update, get = _Exact.update, _Exact.get
    min = property(lambda self: self.get(), doc="The smallest number so far.")


class Max:
    update, get = _Exact.update, _Exact.get
    max = property(lambda self: self.get(), doc="The largest number so far.")


class AbsMax:
    update, get = _Exact.update, _Exact.get
    abs_max = property(lambda self: self.get(), doc="The largest absolute number so far.")


class RollingMin:
    update, get = _Exact.update, _Exact.get


class RollingMax:
    update, get = _Exact.update, _Exact.get


class RollingAbsMax:
    update, get = _Exact.update, _Exact.get


class RollingPeakToPeak:
    update, get = _Exact.update, _Exact.get


class PeakToPeak:
    name = property(lambda self: "ptp")


class EWMean:
    name = property(lambda self: f"ewm_{self.fading_factor}")


class EWVar:
    name = property(lambda self: f"ewv_{self.fading_factor}")


class IQR:
    name = property(lambda self: f"IQR_{self.q_inf}_{self.q_sup}")


class Shift:
    name = property(lambda self: f"shift_{self.amount}")

    def update(self, x: typing.Any) -> None:
        """Take the next value of the series, of any kind."""
        if type(x) is float and "_recent" not in self.__dict__:
            Univariate.update(self, x)
            return
        if "_recent" not in self.__dict__:
            # From the first value that is no float on, the values themselves are kept.
            before = self._attribute("buffer")
            self.__dict__["_recent"] = collections.deque(before, maxlen=self.amount + 1)
        self._recent.append(x)
        if isinstance(x, int | float):
            Univariate.update(self, x)

    def get(self) -> typing.Any:
        """The value of `amount` values ago; `fill_value` until there is one."""
        recent = self.__dict__.get("_recent")
        if recent is None:
            return Univariate.get(self)
        return recent[0] if len(recent) > self.amount else self.fill_value


def _whole(stat: typing.Any, value: typing.Any) -> typing.Any:
    """A float as an int, where only whole numbers went in."""
    whole = type(value) is float and "_broken" not in stat.__dict__ and value.is_integer()
    return int(value) if whole else value


class Mode:
    def update(self, x: typing.Hashable) -> None:
        """Take the next value of the series, of any kind."""
        self._update_any(x)
        if isinstance(x, float):
            self.__dict__["_broken"] = True

    def get(self) -> typing.Any:
        """The most common value; `None` before the first."""
        return _whole(self, Univariate.get(self))


class RollingMode:
    def update(self, x: typing.Hashable) -> None:
        """Take the next value of the series, of any kind."""
        state = self.__dict__
        recent = state.setdefault("_recent", collections.deque(maxlen=self.window_size))
        recent.append(x)
        if isinstance(x, int | float):
            Univariate.update(self, x)
            if isinstance(x, float):
                state["_broken"] = True
        else:
            # The native statistic holds numbers alone.
            state["_any"] = True

    def get(self) -> typing.Any:
        """The most common value of the window; `None` before the first."""
        if "_any" not in self.__dict__:
            return _whole(self, Univariate.get(self))
        counts = collections.Counter(self._recent)
        most = max(counts.values())
        # Of several, the one that has been in the window for longest.
        return next(x for x in self._recent if counts[x] == most)
