"""How often each class was taken for each."""

from __future__ import annotations

import collections
import functools
import typing

from .base import MultiClassMetric

__all__ = ["ConfusionMatrix"]


class ConfusionMatrix(MultiClassMetric):
    """How often each class was taken for each.

    Parameters
    ----------
    classes
        Classes that are shown from the beginning.

    Examples
    --------
    >>> from heraclitus import metrics
    >>> cm = metrics.ConfusionMatrix()
    >>> for y, p in [("cat", "cat"), ("ant", "ant"), ("cat", "ant")]:
    ...     cm.update(y, p)
    >>> cm["cat"]["ant"], cm.true_positives("ant"), cm.false_positives("ant")
    (1.0, 1.0, 1.0)
    """

    def __init__(self, classes: typing.Iterable[typing.Any] | None = None) -> None:
        self._init_classes = set(classes or ())
        self.sum_row: dict[typing.Any, float] = collections.defaultdict(float)
        self.sum_col: dict[typing.Any, float] = collections.defaultdict(float)
        self.data: dict[typing.Any, dict[typing.Any, float]] = collections.defaultdict(
            functools.partial(collections.defaultdict, float)
        )
        self.n_samples = 0
        self.total_weight = 0.0

    def __getitem__(self, key: typing.Any) -> dict[typing.Any, float]:
        return self.data[key]

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        self._add(y_true, y_pred, w)
        self.n_samples += 1

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        self._add(y_true, y_pred, -w)
        self.n_samples -= 1

    def _add(self, y_true: typing.Any, y_pred: typing.Any, w: float) -> None:
        self.data[y_true][y_pred] += w
        self.sum_row[y_true] += w
        self.sum_col[y_pred] += w
        self.total_weight += w

    @property
    def classes(self) -> list[typing.Any]:
        """The classes that came or were predicted."""
        sums = (self.sum_row, self.sum_col)
        return list({label: None for sum_ in sums for label, weight in sum_.items() if weight})

    def __repr__(self) -> str:
        from heraclitus.utils import pretty

        classes = sorted(self.classes)
        if not classes:
            return ""
        names = [str(label) for label in classes]
        columns = [[f"{int(self.data[row][col]):,}" for row in classes] for col in classes]
        return pretty.print_table(["", *names], [names, *columns])

    def support(self, label: typing.Any) -> float:
        """The weight of a class."""
        return self.sum_row[label]

    def true_positives(self, label: typing.Any) -> float:
        """What is of a class and was predicted as it."""
        return self.data[label][label]

    def true_negatives(self, label: typing.Any) -> float:
        """What is of other classes and was predicted right."""
        return self.total_true_positives - self.data[label][label]

    def false_positives(self, label: typing.Any) -> float:
        """What was predicted as a class and is of another."""
        return self.sum_col[label] - self.data[label][label]

    def false_negatives(self, label: typing.Any) -> float:
        """What is of a class and was predicted as another."""
        return self.sum_row[label] - self.data[label][label]

    @property
    def total_true_positives(self) -> float:
        """What was predicted right."""
        return sum(self.data[label][label] for label in list(self.data))

    @property
    def total_true_negatives(self) -> float:
        """`true_negatives` of all classes."""
        return sum(self.true_negatives(label) for label in self.classes)

    @property
    def total_false_positives(self) -> float:
        """`false_positives` of all classes."""
        return sum(self.false_positives(label) for label in self.classes)

    @property
    def total_false_negatives(self) -> float:
        """`false_negatives` of all classes."""
        return sum(self.false_negatives(label) for label in self.classes)

    @property
    def requires_labels(self) -> bool:
        """A confusion is of labels."""
        return True

    @property
    def bigger_is_better(self) -> bool:
        raise NotImplementedError

    def get(self) -> float:
        raise NotImplementedError
