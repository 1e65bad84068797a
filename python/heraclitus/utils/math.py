"""Sums, products and distances of vectors and matrices that are dicts."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import typing
from collections.abc import Iterable, Mapping, MutableMapping, Sequence

from .vectordict import euclidean_distance_dict

__all__ = [
    "argmax",
    "chain_dot",
    "clamp",
    "dot",
    "dotvecmat",
    "log_sum_2_exp",
    "matmul2d",
    "minkowski_distance",
    "norm",
    "norm_cdf",
    "norm_pdf",
    "outer",
    "prod",
    "sherman_morrison",
    "sigmoid",
    "sign",
    "softmax",
    "woodbury_matrix",
]

Key = typing.Any
Vector = Mapping[Key, float]
Matrix = Mapping[tuple[Key, Key], float]

_LOG_HALF = math.log(0.5)


def dotvecmat(x: Vector, A: Matrix) -> dict[Key, float]:
    """A row vector times a matrix.

    Parameters
    ----------
    x
        The vector.
    A
        The matrix, by row and column.

    Examples
    --------

    >>> from heraclitus import utils
    >>> A = {(0, 0): 0, (0, 1): 1, (1, 0): 2, (1, 1): 3}
    >>> utils.math.dotvecmat({0: 4, 1: 5}, A)
    {0: 10.0, 1: 19.0}
    """
    rows: dict[Key, list[tuple[Key, float]]] = {}
    for (row, column), value in A.items():
        rows.setdefault(row, []).append((column, value))
    product: dict[Key, float] = {}
    for row, xi in x.items():
        for column, value in rows.get(row, ()):
            product[column] = product.get(column, 0.0) + xi * value
    return product


def matmul2d(A: Matrix, B: Matrix) -> dict[tuple[Key, Key], float]:
    """A matrix times a matrix.

    Parameters
    ----------
    A
        The left matrix, by row and column.
    B
        The right matrix, by row and column.

    Examples
    --------

    >>> from heraclitus import utils
    >>> A = {(0, 0): 2, (0, 1): 4, (1, 0): 5, (1, 1): 6}
    >>> utils.math.matmul2d(A, {(0, 0): 1, (1, 0): 10})
    {(0, 0): 42.0, (1, 0): 65.0}
    """
    rows: dict[Key, list[tuple[Key, float]]] = {}
    for (row, column), value in B.items():
        rows.setdefault(row, []).append((column, value))
    product: dict[tuple[Key, Key], float] = {}
    for (i, row), left in A.items():
        for column, right in rows.get(row, ()):
            product[i, column] = product.get((i, column), 0.0) + left * right
    return product


def outer(u: Vector, v: Vector) -> dict[tuple[Key, Key], float]:
    """A column vector times a row vector.

    Parameters
    ----------
    u
        The column vector.
    v
        The row vector.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.outer({"a": 2, "b": 3}, {"c": 5})
    {('a', 'c'): 10, ('b', 'c'): 15}
    """
    return {(i, j): a * b for (i, a), (j, b) in itertools.product(u.items(), v.items())}


def minkowski_distance(a: Vector, b: Vector, p: int) -> float:
    """How far two vectors are from each other; what is missing is 0.

    Parameters
    ----------
    a
        A vector.
    b
        Another one.
    p
        The order: 1 sums the differences, 2 is the distance in a straight line.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.minkowski_distance({"a": 3}, {"b": 4}, p=2)
    5.0
    """
    if p == 2:
        return euclidean_distance_dict(a, b)
    sides = itertools.chain(
        (abs(value - b.get(key, 0.0)) for key, value in a.items()),
        (abs(value) for key, value in b.items() if key not in a),
    )
    if p == 1:
        return sum(sides, 0.0)
    return sum(side**p for side in sides) ** (1 / p)


def softmax(y_pred: MutableMapping[Key, float]) -> MutableMapping[Key, float]:
    """Scores to probabilities, in place.

    Parameters
    ----------
    y_pred
        A score for each class.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.softmax({"a": 1.0, "b": 1.0})
    {'a': 0.5, 'b': 0.5}
    """
    if not y_pred:
        return y_pred
    highest = max(y_pred.values())
    total = 0.0
    for label, score in y_pred.items():
        y_pred[label] = math.exp(score - highest)
        total += y_pred[label]
    for label in y_pred:
        y_pred[label] /= total
    return y_pred


def prod(iterable: Iterable[typing.Any]) -> typing.Any:
    """The product of all values; 1 when there are none.

    Parameters
    ----------
    iterable
        The values.
    """
    return functools.reduce(operator.mul, iterable, 1)


def dot(x: Vector, y: Vector) -> float:
    """The sum of the products of what two vectors share.

    Parameters
    ----------
    x
        A vector.
    y
        Another one.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.dot({"a": 1, "b": 2}, {"b": 21, "c": 3})
    42
    """
    if len(x) < len(y):
        return sum(value * y[key] for key, value in x.items() if key in y)
    return sum(x[key] * value for key, value in y.items() if key in x)


def chain_dot(*xs: Vector) -> float:
    """The sum of the products of what several vectors share.

    Parameters
    ----------
    xs
        The vectors.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.chain_dot({"a": 1, "b": 2}, {"b": 21, "c": 3}, {"b": 2})
    84
    """
    return sum(prod(x.get(key, 0) for x in xs) for key in min(xs, key=len))


def sigmoid(x: float) -> float:
    """The logistic function; 0 and 1 beyond 30 on either side.

    Parameters
    ----------
    x
        A number.
    """
    if x < -30:
        return 0
    if x > 30:
        return 1
    return 1 / (1 + math.exp(-x))


def norm_cdf(x: float) -> float:
    """The probability that a standard normal number is at most `x`.

    Parameters
    ----------
    x
        A number.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.norm_cdf(0.0)
    0.5
    """
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def norm_pdf(x: float) -> float:
    """The density of a standard normal number at `x`.

    Parameters
    ----------
    x
        A number.

    Examples
    --------

    >>> from heraclitus import utils
    >>> round(utils.math.norm_pdf(0.0), 6)
    0.398942
    """
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def clamp(x: float, minimum: float = 0.0, maximum: float = 1.0) -> float:
    """The number within the bounds that is nearest to `x`.

    Parameters
    ----------
    x
        A number.
    minimum
        The lower bound.
    maximum
        The upper bound.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.clamp(1.5), utils.math.clamp(7, 1, 9)
    (1.0, 7)
    """
    return max(min(x, maximum), minimum)


def norm(x: Vector, order: typing.Any = None) -> float:
    """The length of a vector.

    Parameters
    ----------
    x
        The vector.
    order
        As for `numpy.linalg.norm` of a vector: a number, or `None` for 2.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.norm({"a": 3, "b": -4}), utils.math.norm({"a": 3, "b": -4}, order=1)
    (5.0, 7.0)
    """
    sizes = [abs(float(value)) for value in x.values()]
    if order is None or order == 2:
        return math.sqrt(sum(size * size for size in sizes))
    if isinstance(order, str):
        raise ValueError(f"a vector has no norm of order {order!r}")
    if order == math.inf:
        return max(sizes)
    if order == -math.inf:
        return min(sizes)
    if order == 0:
        return float(sum(size != 0 for size in sizes))
    return sum((size**order for size in sizes), 0.0) ** (1 / order)


def sign(x: float) -> int:
    """-1, 0 or 1.

    Parameters
    ----------
    x
        A number.
    """
    return -1 if x < 0 else (1 if x > 0 else 0)


def argmax(lst: Sequence[typing.Any]) -> int:
    """Where the highest value is, the first one among equals.

    Parameters
    ----------
    lst
        The values.
    """
    return max(range(len(lst)), key=lst.__getitem__)


def _numpy() -> typing.Any:
    try:
        import numpy
    except ImportError as error:
        raise ImportError("matrices as arrays need `numpy`: pip install numpy") from error
    return numpy


def sherman_morrison(A: typing.Any, u: typing.Any, v: typing.Any) -> None:
    """From the inverse of a matrix to that of the matrix plus `u` times `v`, in place.

    Parameters
    ----------
    A
        The inverse, an array.
    u
        A vector.
    v
        Another one.

    Examples
    --------

    >>> import numpy as np
    >>> from heraclitus import utils
    >>> inverse = np.eye(2)
    >>> utils.math.sherman_morrison(inverse, np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    >>> inverse.tolist()
    [[0.5, 0.0], [0.0, 1.0]]
    """
    Au = A @ u
    A += _numpy().outer(Au, -1 / (1 + v.T @ Au) * (v.T @ A))


def woodbury_matrix(A: typing.Any, U: typing.Any, V: typing.Any) -> None:
    """From the inverse of a matrix to that of the matrix plus `U` times `V`, in place.

    Parameters
    ----------
    A
        The inverse, an array.
    U
        An array with as many rows as `A`.
    V
        An array with as many columns as `A`.

    Examples
    --------

    >>> import numpy as np
    >>> from heraclitus import utils
    >>> inverse = np.eye(2)
    >>> utils.math.woodbury_matrix(inverse, np.array([[1.0], [0.0]]), np.array([[1.0, 0.0]]))
    >>> inverse.tolist()
    [[0.5, 0.0], [0.0, 1.0]]
    """
    np = _numpy()
    AU = A @ U
    A -= AU @ np.linalg.inv(np.eye(len(V)) + V @ AU) @ V @ A


def log_sum_2_exp(a: float, b: float) -> float:
    """The logarithm of the mean of two exponentials, without overflow.

    Parameters
    ----------
    a
        The first exponent.
    b
        The second one.

    Examples
    --------

    >>> from heraclitus import utils
    >>> utils.math.log_sum_2_exp(1000.0, 1000.0)
    1000.0
    """
    high, low = (a, b) if a > b else (b, a)
    return high + _LOG_HALF + math.log1p(math.exp(low - high))
