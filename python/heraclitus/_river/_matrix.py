"""What confusion matrices hold, which both packages have as Python objects."""

from __future__ import annotations

import typing

_Cell = tuple[typing.Any, typing.Any, float]


def cells(matrix: typing.Any) -> list[_Cell]:
    """The weights of a confusion matrix, by true and predicted class."""
    return [(y, p, float(w)) for y, row in matrix.data.items() for p, w in row.items()]


def fill(matrix: typing.Any, seen: int, told: typing.Iterable[_Cell]) -> None:
    """Puts weights by true and predicted class into an empty matrix of River."""
    for y_true, y_pred, weight in told:
        if weight == 0.0:
            continue
        matrix.data[y_true][y_pred] += weight
        matrix.sum_row[y_true] += weight
        matrix.sum_col[y_pred] += weight
        matrix.total_weight += weight
        if y_true == y_pred:
            matrix._total_true_positives += weight
    matrix.n_samples = seen
