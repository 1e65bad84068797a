"""Precision, recall and F1 of every label, as a table."""

from __future__ import annotations

import typing

from .._generated.metrics import (
    F1,
    Accuracy,
    MacroF1,
    MacroPrecision,
    MacroRecall,
    MicroF1,
    MicroPrecision,
    MicroRecall,
    Precision,
    Recall,
    WeightedF1,
    WeightedPrecision,
    WeightedRecall,
)
from .base import MultiClassMetric

_AVERAGES = (
    (MacroPrecision, MicroPrecision, WeightedPrecision),
    (MacroRecall, MicroRecall, WeightedRecall),
    (MacroF1, MicroF1, WeightedF1),
)


class ClassificationReport(MultiClassMetric):
    """Precision, recall and F1 of every label and on average, as a table.

    Parameters
    ----------
    decimals
        How many decimals are written.
    cm
        A confusion matrix to share with other metrics.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> report = metrics.ClassificationReport()
    >>> for y_true, y_pred in zip("ABBBC", "BBBAB"):
    ...     report.update(y_true, y_pred)
    >>> print(report)
                 Precision   Recall   F1       Support
    <BLANKLINE>
           A       0.00%    0.00%    0.00%         1
           B      50.00%   66.67%   57.14%         3
           C       0.00%    0.00%    0.00%         1
    <BLANKLINE>
       Macro      16.67%   22.22%   19.05%
       Micro      40.00%   40.00%   40.00%
    Weighted      30.00%   40.00%   34.29%
    <BLANKLINE>
                     40.00% accuracy

    """

    def __init__(self, decimals: int = 2, cm: typing.Any = None) -> None:
        super().__init__(cm)
        self.decimals = decimals

    def get(self) -> typing.Any:
        """There is no single figure."""
        raise NotImplementedError

    def _shown(self, metric: typing.Any) -> str:
        return f"{metric.get():.{self.decimals}%}"

    def __repr__(self) -> str:
        from ..utils import pretty

        cm = self.cm
        classes = sorted(cm.classes)
        columns = [["", *map(str, classes), "", "Macro", "Micro", "Weighted"]]
        for of_label, averages in zip((Precision, Recall, F1), _AVERAGES, strict=True):
            labels = [self._shown(of_label(cm=cm, pos_val=c)) for c in classes]
            columns.append(["", *labels, "", *(self._shown(average(cm)) for average in averages)])
        support = [str(cm.sum_row[c]).rstrip("0").rstrip(".") for c in classes]
        columns.append(["", *support, *[""] * 4])
        table = pretty.print_table(["", "Precision", "Recall", "F1", "Support"], columns)
        accuracy = f"{self._shown(Accuracy(cm))} accuracy"
        return f"{table}\n\n{accuracy:^{len(table.splitlines()[0])}}"
