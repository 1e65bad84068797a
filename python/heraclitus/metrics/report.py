"""Precision, recall and F1 of each class, in a table."""

from __future__ import annotations

import typing

from .base import MultiClassMetric
from .confusion import ConfusionMatrix

__all__ = ["ClassificationReport"]


class ClassificationReport(MultiClassMetric):
    """Precision, recall, F1 and support of each class, and their averages.

    Parameters
    ----------
    decimals
        How many decimals are shown.
    cm
        A confusion matrix to report on; a new one when left out.

    Examples
    --------
    >>> from heraclitus import metrics
    >>> report = metrics.ClassificationReport()
    >>> for y, p in [("pear", "apple"), ("apple", "apple"), ("apple", "apple")]:
    ...     report.update(y, p)
    >>> print(report)
                   Precision   Recall    F1       Support
    <BLANKLINE>
           apple      66.67%   100.00%   80.00%         2
            pear       0.00%     0.00%    0.00%         1
    <BLANKLINE>
           Macro      33.33%    50.00%   40.00%
           Micro      66.67%    66.67%   66.67%
        Weighted      44.44%    66.67%   53.33%
    <BLANKLINE>
                     66.67% accuracy
    """

    def __init__(self, decimals: int = 2, cm: ConfusionMatrix | None = None) -> None:
        self.decimals = decimals
        self.cm = ConfusionMatrix() if cm is None else cm

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        self.cm.update(y_true, y_pred, w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        self.cm.revert(y_true, y_pred, w)

    @property
    def requires_labels(self) -> bool:
        """A report is of labels."""
        return True

    @property
    def bigger_is_better(self) -> bool:
        raise NotImplementedError

    def get(self) -> float:
        raise NotImplementedError

    def _of(self, label: typing.Any) -> tuple[float, float, float]:
        """Precision, recall and F1 of a class."""
        hits = self.cm.true_positives(label)
        return _scores(hits, self.cm.sum_col[label], self.cm.sum_row[label])

    def __repr__(self) -> str:
        from heraclitus.utils import pretty

        classes = sorted(self.cm.classes)
        if not classes:
            return ""
        rows = [self._of(label) for label in classes]
        weights = [self.cm.support(label) for label in classes]
        total, hits = sum(weights), self.cm.total_true_positives
        n = len(classes)
        macro = [sum(row[i] for row in rows) / n for i in range(3)]
        weighted = [
            sum(row[i] * w for row, w in zip(rows, weights)) / total if total else 0.0
            for i in range(3)
        ]
        micro = _scores(hits, total, total)

        def shown(value: float) -> str:
            return f"{value:.{self.decimals}%}"

        averages = [macro, micro, weighted]
        columns = [["", *map(str, classes), "", "Macro", "Micro", "Weighted"]]
        for i in range(3):
            values = [shown(row[i]) for row in rows]
            columns.append(["", *values, "", *(shown(row[i]) for row in averages)])
        columns.append(["", *(f"{int(w)}" for w in weights), "", "", "", ""])
        headers = ["", "Precision", "Recall", "F1", "Support"]
        table = pretty.print_table(headers, columns)
        accuracy = f"{shown(hits / total if total else 0.0)} accuracy"
        width = max(len(line) for line in table.splitlines())
        return f"{table}\n\n{accuracy.center(width).rstrip()}"


def _scores(hits: float, predicted: float, there: float) -> tuple[float, float, float]:
    precision = hits / predicted if predicted else 0.0
    recall = hits / there if there else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1
