"""A dict of numbers that can be calculated with as a vector."""

from __future__ import annotations

import math
import operator
import types
import typing
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping

__all__ = [
    "VectorDict",
    "euclidean_distance_dict",
    "euclidean_distance_tuple",
    "lazy_search_euclidean",
]

Key = typing.Any
Operation = Callable[[float, float], float]
_MISSING: typing.Any = object()


def _number(value: typing.Any) -> float:
    if isinstance(value, float):
        return value
    kind = type(value)
    # Not `float(value)` at once: that would read numbers from text.
    if hasattr(kind, "__float__") or hasattr(kind, "__index__"):
        return float(value)
    raise TypeError(f"VectorDict values must be real numbers, not {kind.__name__}")


def _power(a: float, b: float) -> float:
    """`a` to the power of `b` in floats alone, where Python would raise or turn complex."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return math.inf if a == 0 else math.nan


def _lower(a: float, b: float) -> float:
    return b if a != a else (a if b != b or a <= b else b)


def _higher(a: float, b: float) -> float:
    return b if a != a else (a if b != b or a >= b else b)


class VectorDict:
    """A dict of numbers with the arithmetic of a vector: `+ - * / **`, and `@` for a product.

    The other side is a `VectorDict` or a number. Between two vectors what one of them lacks counts
    as 0.

    Parameters
    ----------
    data
        The numbers that it starts with: a dict or a `VectorDict`.
    default_factory
        Makes the number of a key that is missing. It is called when the key is asked for, also by
        a calculation, and what it gives is kept.
    mask
        The keys that may be seen: anything with `in`. All others are as if they were not there,
        and cannot be set.
    copy
        Whether `data` and `mask` are copied. Otherwise they are used as they are: what is written
        here changes `data`.

    Examples
    --------

    >>> from heraclitus import utils
    >>> a = utils.VectorDict({"x": 1, "y": 2})
    >>> b = utils.VectorDict({"y": 10, "z": 3})
    >>> a + b
    {'x': 1.0, 'y': 12.0, 'z': 3.0}
    >>> a @ b
    20.0
    >>> a.with_mask({"x"}) * 5
    {'x': 5.0}
    """

    __slots__ = ("_data", "_factory", "_lazy", "_mask")
    __hash__ = None  # type: ignore[assignment]
    __class_getitem__ = classmethod(types.GenericAlias)

    _data: dict[Key, float]

    def __init__(
        self,
        data: dict[Key, typing.Any] | VectorDict | None = None,
        default_factory: Callable[[], float] | None = None,
        mask: typing.Any = None,
        copy: bool = False,
    ) -> None:
        if data is None:
            self._data = {}
        elif isinstance(data, dict):
            self._data = dict(data) if copy else data
            for key, value in self._data.items():
                if not isinstance(value, float):
                    self._data[key] = _number(value)
        elif isinstance(data, VectorDict):
            self._data = data._dict(copy)
        else:
            raise ValueError(f"Unsupported type for data: {type(data).__name__}")
        if copy and mask is not None:
            mask = set(mask)
            for key in [key for key in self._data if key not in mask]:
                del self._data[key]
        self._factory = default_factory
        self._mask = mask
        # With a mask of our own there is nothing left in the data that has to be hidden.
        self._lazy = mask is not None and not copy

    @staticmethod
    def from_scaled(values: Mapping[Key, float], scalar: float) -> VectorDict:
        """A vector from a dict whose values are all multiplied by a number."""
        return _vector({key: _number(value) * scalar for key, value in values.items()})

    def with_mask(self, mask: typing.Any, copy: bool = False) -> VectorDict:
        """The same numbers behind another mask."""
        return VectorDict(self._data, self._factory, mask, copy)

    # What is there.

    def _visible(self, key: Key) -> bool:
        return self._mask is None or key in self._mask

    def _simple(self) -> bool:
        return self._mask is None and self._factory is None

    def _dict(self, copy: bool) -> dict[Key, float]:
        """The visible numbers."""
        if self._lazy:
            return {key: value for key, value in self._data.items() if key in self._mask}
        return dict(self._data) if copy else self._data

    def _keys(self) -> list[Key]:
        """The visible keys."""
        if not self._lazy:
            return list(self._data)
        data, mask = self._data, self._mask
        # The shorter way, where the mask has an order that is the same in every process.
        if isinstance(mask, (Mapping, KeysView, VectorDict)) and len(mask) < len(data):
            return [key for key in mask if key in data]
        return [key for key in data if key in mask]

    def _value(self, key: Key) -> float:
        """The number to calculate with; one from the factory is kept."""
        return self._seen(key) if self._visible(key) else 0.0

    def _seen(self, key: Key) -> float:
        value = self._data.get(key, _MISSING)
        if value is not _MISSING:
            return value
        if self._factory is None:
            return 0.0
        value = self._data[key] = _number(self._factory())
        return value

    def _union(self, other: VectorDict) -> Iterator[Key]:
        keys = self._keys()
        seen = set(keys)
        return iter(keys + [key for key in other._keys() if key not in seen])

    def _check(self, key: Key) -> None:
        if not self._visible(key):
            raise KeyError(key)

    # A dict.

    def __contains__(self, key: Key) -> bool:
        return self._visible(key) and key in self._data

    def __len__(self) -> int:
        return len(self._keys()) if self._lazy else len(self._data)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._dict(False))

    def __repr__(self) -> str:
        return repr(self._dict(False))

    def __format__(self, spec: str) -> str:
        return format(self._dict(False), spec)

    def __eq__(self, other: object) -> typing.Any:
        if isinstance(other, VectorDict):
            return self._dict(False) == other._dict(False)
        return self._dict(False) == other if isinstance(other, dict) else NotImplemented

    def __getitem__(self, key: Key) -> float:
        self._check(key)
        if self._factory is None and key not in self._data:
            raise KeyError(key)
        return self._seen(key)

    def __setitem__(self, key: Key, value: float) -> None:
        self._check(key)
        self._data[key] = _number(value)

    def __delitem__(self, key: Key) -> None:
        self._check(key)
        del self._data[key]

    def keys(self) -> typing.Any:
        return self._dict(False).keys()

    def values(self) -> typing.Any:
        return self._dict(False).values()

    def items(self) -> typing.Any:
        return self._dict(False).items()

    def clear(self) -> None:
        """Removes what is visible."""
        for key in self._keys():
            del self._data[key]

    def get(self, key: Key, default: typing.Any = None) -> typing.Any:
        return self._data.get(key, default) if self._visible(key) else default

    def pop(self, key: Key, default: typing.Any = _MISSING) -> typing.Any:
        if key in self:
            return self._data.pop(key)
        if default is _MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[Key, float]:
        keys = self._keys()
        if not keys:
            raise KeyError("popitem(): dictionary is empty")
        return keys[-1], self._data.pop(keys[-1])

    def setdefault(self, key: Key, default: float | None = None) -> float:
        self._check(key)
        if key not in self._data:
            self._data[key] = 0.0 if default is None else _number(default)
        return self._data[key]

    def update(self, other: Mapping[Key, float] | VectorDict) -> None:
        """Takes over the numbers of another dict, as far as the mask lets them in."""
        if not isinstance(other, (Mapping, VectorDict)):
            raise TypeError(f"update takes a dict, not {type(other).__name__}")
        for key, value in other.items():
            if self._visible(key):
                self._data[key] = _number(value)

    def to_dict(self) -> dict[Key, float]:
        """A dict of its own."""
        return self._dict(True)

    def to_numpy(self, fields: Iterable[Key]) -> typing.Any:
        """An array of the numbers under some keys; 0 for what is missing."""
        import numpy

        return numpy.array([self._value(key) for key in fields])

    def __copy__(self) -> VectorDict:
        twin = VectorDict.__new__(type(self))
        twin._data, twin._factory = dict(self._data), self._factory
        twin._mask, twin._lazy = self._mask, self._lazy
        return twin

    def __deepcopy__(self, memo: typing.Any) -> VectorDict:
        return self.__copy__()

    def __reduce__(self) -> tuple[typing.Any, ...]:
        return type(self), (self._dict(True), self._factory, self._mask, True)

    # A vector.

    def _combined(self, other: typing.Any, operation: Operation) -> VectorDict:
        if not isinstance(other, VectorDict):
            return self._mapped(_number(other), operation)
        if not (self._simple() and other._simple()):
            return _vector(
                {key: operation(self._value(key), other._value(key)) for key in self._union(other)}
            )
        mine, theirs = self._data, other._data
        out = {key: operation(value, theirs.get(key, 0.0)) for key, value in mine.items()}
        if len(theirs) > 0:
            for key, value in theirs.items():
                if key not in out:
                    out[key] = operation(0.0, value)
        return _vector(out)

    def _mapped(self, number: float, operation: Operation) -> VectorDict:
        return _vector({key: operation(self._data[key], number) for key in self._keys()})

    def _change(self, other: typing.Any, operation: Operation) -> VectorDict:
        if isinstance(other, VectorDict):
            keys = [key for key in self._union(other) if self._visible(key)]
            new = {key: operation(self._seen(key), other._value(key)) for key in keys}
        else:
            number = _number(other)
            new = {key: operation(self._data[key], number) for key in self._keys()}
        self._data.update(new)
        return self

    def __add__(self, other: typing.Any) -> VectorDict:
        return self._combined(other, operator.add)

    __radd__ = __add__

    def __sub__(self, other: typing.Any) -> VectorDict:
        return self._combined(other, operator.sub)

    def __rsub__(self, other: typing.Any) -> VectorDict:
        return self._mapped(_number(other), lambda a, b: b - a)

    def __mul__(self, other: typing.Any) -> VectorDict:
        return self._combined(other, operator.mul)

    __rmul__ = __mul__

    def __truediv__(self, other: typing.Any) -> VectorDict:
        return self._combined(other, operator.truediv)

    def __rtruediv__(self, other: typing.Any) -> VectorDict:
        return self._mapped(_number(other), lambda a, b: b / a)

    def __pow__(self, other: typing.Any) -> VectorDict:
        return self._mapped(_number(other), _power)

    def __iadd__(self, other: typing.Any) -> VectorDict:
        return self._change(other, operator.add)

    def __isub__(self, other: typing.Any) -> VectorDict:
        return self._change(other, operator.sub)

    def __imul__(self, other: typing.Any) -> VectorDict:
        return self._change(other, operator.mul)

    def __itruediv__(self, other: typing.Any) -> VectorDict:
        return self._change(other, operator.truediv)

    def __ipow__(self, other: typing.Any) -> VectorDict:
        return self._change(_number(other), _power)

    def __matmul__(self, other: typing.Any) -> float:
        if not isinstance(other, VectorDict):
            return NotImplemented
        if self._factory is not None or other._factory is not None:
            return sum((self._value(k) * other._value(k) for k in self._union(other)), 0.0)
        small, large = (self, other) if len(self) <= len(other) else (other, self)
        keys = small._data if small._simple() else small._keys()
        return sum((small._data[k] * large._value(k) for k in keys if k in large), 0.0)

    def dot(self, values: Mapping[Key, float]) -> float:
        """The product with a dict."""
        total = 0.0
        for key, value in values.items():
            total += self._value(key) * _number(value)
        return total

    def __neg__(self) -> VectorDict:
        return self._mapped(-1.0, operator.mul)

    def __pos__(self) -> VectorDict:
        return _vector(self._dict(True))

    def __abs__(self) -> VectorDict:
        return self._mapped(0.0, lambda a, _: abs(a))

    abs = __abs__

    def min(self) -> float:
        """The lowest number."""
        return min(self._data[key] for key in self._keys())

    def max(self) -> float:
        """The highest number."""
        return max(self._data[key] for key in self._keys())

    def minimum(self, other: typing.Any) -> VectorDict:
        """For each key the lower one of two numbers."""
        return self._combined(other, _lower)

    def maximum(self, other: typing.Any) -> VectorDict:
        """For each key the higher one of two numbers."""
        return self._combined(other, _higher)

    def iadd_scaled(self, other: VectorDict, scale: float) -> VectorDict:
        """Adds another vector times a number, in place."""
        return self._blend(other, lambda mine, theirs, by: mine + by * theirs, scale)

    def isub_scaled(self, other: VectorDict, scale: float) -> VectorDict:
        """Takes away another vector times a number, in place."""
        return self._blend(other, lambda mine, theirs, by: mine - by * theirs, scale)

    def update_ema(self, other: VectorDict, decay: float, square: bool = False) -> VectorDict:
        """Moves towards another vector, or its square, by a share of `1 - decay`, in place."""

        def move(mine: float, theirs: float, by: float) -> float:
            return by * mine + (1.0 - by) * (theirs * theirs if square else theirs)

        return self._blend(other, move, decay)

    def _blend(
        self, other: VectorDict, operation: Callable[[float, float, float], float], by: float
    ) -> VectorDict:
        """Changes what the other vector has, and nothing else."""
        if not isinstance(other, VectorDict):
            raise TypeError(f"expected VectorDict, not {type(other).__name__}")
        by = _number(by)
        for key in other._keys():
            if self._visible(key):
                self._data[key] = operation(self._seen(key), other._value(key), by)
        return self

    def euclidean_distance(self, other: Mapping[Key, float] | VectorDict) -> float:
        """How far another vector or dict is in a straight line."""
        theirs = other._dict(False) if isinstance(other, VectorDict) else other
        return euclidean_distance_dict(self._dict(False), theirs)


def _vector(data: dict[Key, float]) -> VectorDict:
    """A vector around a dict of floats, which is not looked at again."""
    vector = VectorDict.__new__(VectorDict)
    vector._data, vector._factory, vector._mask, vector._lazy = data, None, None, False
    return vector


def euclidean_distance_dict(a: Mapping[Key, float], b: Mapping[Key, float]) -> float:
    """How far two dicts are from each other in a straight line; what is missing is 0."""
    total = 0.0
    for key, value in a.items():
        side = value - b.get(key, 0.0)
        total += side * side
    for key, value in b.items():
        if key not in a:
            total += value * value
    return math.sqrt(total)


def euclidean_distance_tuple(a: tuple[typing.Any, ...], b: tuple[typing.Any, ...]) -> float:
    """The distance of two tuples by their first elements, which are dicts."""
    return euclidean_distance_dict(a[0], b[0])


def lazy_search_euclidean(
    query: tuple[typing.Any, ...], window: Iterable[typing.Any], n_neighbors: int
) -> tuple[list[typing.Any], list[float]]:
    """The elements of a window that are nearest to a query, and their distances.

    An element is a tuple whose first element is a tuple that starts with a dict; that inner tuple
    is what comes back. Among equals the older one is nearer.
    """
    found = [(euclidean_distance_dict(query[0], entry[0][0]), entry[0]) for entry in window]
    found.sort(key=lambda pair: pair[0])
    nearest = found[: max(n_neighbors, 0)]
    return [item for _, item in nearest], [distance for distance, _ in nearest]
