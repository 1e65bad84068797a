"""Anything that can undo an update, over the latest values or the latest time."""

from __future__ import annotations

import bisect
import collections
import datetime as dt
import inspect
import typing
import warnings


@typing.runtime_checkable
class Rollable(typing.Protocol):
    """What can take a value in, and out again."""

    def update(self, *args: typing.Any, **kwargs: typing.Any) -> None: ...

    def revert(self, *args: typing.Any, **kwargs: typing.Any) -> None: ...


T = typing.TypeVar("T", bound=Rollable)


def _made(wrapper: str, cls: typing.Any, size: str, kwargs: dict[str, typing.Any]) -> typing.Any:
    """The object to wrap: `cls` built, or as it is when it is an object already."""
    example = f"utils.{wrapper}(stats.Var, {size}=..., ddof=0)"
    if inspect.isclass(cls):
        obj = cls(**kwargs)
    elif kwargs:
        raise TypeError(
            f"utils.{wrapper} was given an instance and parameters for it; give the class "
            f"instead: {example}"
        )
    else:
        warnings.warn(
            f"an instance in utils.{wrapper} is deprecated; give the class instead: {example}",
            DeprecationWarning,
            stacklevel=3,
        )
        obj = cls
    if not isinstance(obj, Rollable):
        raise ValueError(f"{obj} cannot be rolled: it needs an update and a revert method")
    return obj


class BaseRolling(typing.Generic[T]):
    """Passes on everything but updates to the wrapped object."""

    def __init__(self, obj: T) -> None:
        self.obj = obj

    def __getattr__(self, name: str) -> typing.Any:
        # While a copy is being made there is no object yet, and asking for it would never end.
        if name == "obj":
            raise AttributeError(name)
        return getattr(self.obj, name)

    def __getitem__(self, index: typing.Any) -> typing.Any:
        return self.obj[index]  # type: ignore[index]

    def __repr__(self) -> str:
        return repr(self.obj)


class Rolling(BaseRolling[T]):
    """An object that only knows the latest updates.

    Parameters
    ----------
    cls
        A class whose objects have the methods `update` and `revert`.
    window_size
        How many updates count.
    kwargs
        The parameters of the class.

    Examples
    --------

    >>> import collections
    >>> from heraclitus import utils
    >>> class Total:
    ...     value = 0
    ...     def update(self, x):
    ...         self.value += x
    ...     def revert(self, x):
    ...         self.value -= x
    >>> total = utils.Rolling(Total, window_size=2)
    >>> for x in [1, 10, 100]:
    ...     total.update(x)
    >>> total.value
    110
    """

    def __init__(self, cls: type[T] | T, window_size: int, **kwargs: typing.Any) -> None:
        super().__init__(_made("Rolling", cls, "window_size", kwargs))
        self._window_size = window_size
        self.window: collections.deque[tuple[tuple[typing.Any, ...], dict[str, typing.Any]]] = (
            collections.deque(maxlen=window_size)
        )

    @property
    def window_size(self) -> int:
        """How many updates count."""
        return self._window_size

    def update(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        """Takes an update, and takes back the oldest one when the window is full."""
        window = self.window
        if len(window) == self._window_size:
            old_args, old_kwargs = window[0]
            self.obj.revert(*old_args, **old_kwargs)
        self.obj.update(*args, **kwargs)
        window.append((args, kwargs))


class TimeRolling(BaseRolling[T]):
    """An object that only knows the updates of the latest time.

    Updates may come out of order. Time moves on when one comes that is later than all before.

    Parameters
    ----------
    cls
        A class whose objects have the methods `update` and `revert`.
    period
        How long an update counts.
    kwargs
        The parameters of the class.

    Examples
    --------

    >>> import collections
    >>> import datetime as dt
    >>> from heraclitus import utils
    >>> class Total:
    ...     value = 0
    ...     def update(self, x):
    ...         self.value += x
    ...     def revert(self, x):
    ...         self.value -= x
    >>> total = utils.TimeRolling(Total, period=dt.timedelta(days=2))
    >>> for day, x in enumerate([1, 10, 100], start=1):
    ...     total.update(x, t=dt.datetime(2026, 1, day))
    >>> total.value
    110
    """

    def __init__(self, cls: type[T] | T, period: dt.timedelta, **kwargs: typing.Any) -> None:
        super().__init__(_made("TimeRolling", cls, "period", kwargs))
        self.period = period
        self._timestamps: list[dt.datetime] = []
        self._datum: list[tuple[tuple[typing.Any, ...], dict[str, typing.Any]]] = []
        self._latest = dt.datetime(1, 1, 1)

    def update(self, *args: typing.Any, t: dt.datetime, **kwargs: typing.Any) -> None:
        """Takes an update of time `t`, and takes back those that are too old by then."""
        self.obj.update(*args, **kwargs)
        at = bisect.bisect_left(self._timestamps, t)
        self._timestamps.insert(at, t)
        self._datum.insert(at, (args, kwargs))
        if t <= self._latest:
            return
        self._latest = t
        gone = bisect.bisect_right(self._timestamps, t - self.period)
        for old_args, old_kwargs in self._datum[:gone]:
            self.obj.revert(*old_args, **old_kwargs)
        del self._timestamps[:gone], self._datum[:gone]
