"""How often each label was taken for each other."""

from __future__ import annotations

import collections
import functools
import typing

from .base import MultiClassMetric


class ConfusionMatrix(MultiClassMetric):
    """How often each label was taken for each other.

    Parameters
    ----------
    classes
        Labels to begin with.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> cm = metrics.ConfusionMatrix()
    >>> for y_true, y_pred in [("cat", "ant"), ("ant", "ant"), ("cat", "cat"), ("bird", "cat")]:
    ...     cm.update(y_true, y_pred)
    >>> cm
           ant  bird   cat
     ant     1     0     0
    bird     0     0     1
     cat     1     0     1

    >>> cm["bird"]["cat"]
    1.0

    """

    def __init__(self, classes: typing.Iterable[typing.Hashable] | None = None) -> None:
        self._init_classes = set(classes) if classes is not None else set()
        self.data: dict[typing.Hashable, dict[typing.Hashable, float]] = collections.defaultdict(
            functools.partial(collections.defaultdict, float)
        )
        self.sum_row: dict[typing.Hashable, float] = collections.defaultdict(float)
        self.sum_col: dict[typing.Hashable, float] = collections.defaultdict(float)
        self.n_samples = 0
        self.total_weight = 0.0
        self._total_true_positives = 0.0

    def _get_params(self) -> dict[str, typing.Any]:
        return {"classes": self._init_classes or None}

    @classmethod
    def _of_pairs(cls, seen: int, cells: typing.Iterable[tuple]) -> ConfusionMatrix:
        """A matrix of cells."""
        new = cls()
        for y_true, y_pred, w in cells:
            new._add(y_true, y_pred, w)
        new.n_samples = seen
        return new

    def _cells(self) -> list[tuple[typing.Any, typing.Any, float]]:
        return [(y, p, float(w)) for y, row in self.data.items() for p, w in row.items()]

    def __getitem__(self, key: typing.Hashable) -> dict[typing.Hashable, float]:
        return self.data[key]

    def _add(self, y_true: typing.Hashable, y_pred: typing.Hashable, w: float) -> None:
        self.data[y_true][y_pred] += w
        self.total_weight += w
        self.sum_row[y_true] += w
        self.sum_col[y_pred] += w
        if y_true == y_pred:
            self._total_true_positives += w

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        self.n_samples += 1
        self._add(y_true, y_pred, w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        self.n_samples -= 1
        self._add(y_true, y_pred, -w)

    @property
    def classes(self) -> list[typing.Any]:
        """The labels that were true or predicted."""
        rows = dict.fromkeys(c for c, w in self.sum_row.items() if w)
        return list(rows | dict.fromkeys(c for c, w in self.sum_col.items() if w))

    def __repr__(self) -> str:
        from ..utils import pretty

        classes = sorted(self.classes)
        if not classes:
            return ""
        names = [str(c) for c in classes]
        columns = [[f"{int(self.data[y][p]):,}" for y in classes] for p in classes]
        return pretty.print_table(["", *names], [names, *columns])

    def support(self, label: typing.Hashable) -> float:
        """The weight of the observations of a label."""
        return self.sum_row[label]

    def true_positives(self, label: typing.Hashable) -> float:
        """The weight of those of the label that were predicted so."""
        return self.data[label][label]

    def true_negatives(self, label: typing.Hashable) -> float:
        """The weight of those of other labels that were predicted right."""
        return self.total_true_positives - self.data[label][label]

    def false_positives(self, label: typing.Hashable) -> float:
        """The weight of those of other labels that were predicted as this one."""
        return self.sum_col[label] - self.data[label][label]

    def false_negatives(self, label: typing.Hashable) -> float:
        """The weight of those of the label that were predicted as another one."""
        return self.sum_row[label] - self.data[label][label]

    @property
    def total_true_positives(self) -> float:
        """The weight of what was predicted right."""
        return self._total_true_positives

    @property
    def total_true_negatives(self) -> float:
        """The sum of the true negatives of all labels."""
        return sum(self.true_negatives(label) for label in self.classes)

    @property
    def total_false_positives(self) -> float:
        """The sum of the false positives of all labels."""
        return sum(self.false_positives(label) for label in self.classes)

    @property
    def total_false_negatives(self) -> float:
        """The sum of the false negatives of all labels."""
        return sum(self.false_negatives(label) for label in self.classes)

    @property
    def bigger_is_better(self) -> bool:
        """There is no such thing for a matrix."""
        raise NotImplementedError

    def get(self) -> typing.Any:
        """There is no single figure."""
        raise NotImplementedError
