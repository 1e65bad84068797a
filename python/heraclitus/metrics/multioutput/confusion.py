"""A confusion matrix for each output."""

from __future__ import annotations

import textwrap
import typing

from ..confusion import ConfusionMatrix


class MultiLabelConfusionMatrix:
    """A confusion matrix for each output.

    Examples
    --------

    >>> from heraclitus import metrics
    >>> cm = metrics.multioutput.MultiLabelConfusionMatrix()
    >>> cm.update({"a": False, "b": True}, {"a": True, "b": True})
    >>> cm
    a
                False   True
        False       0      1
         True       0      0
    <BLANKLINE>
    b
               True
        True      1

    """

    def __init__(self) -> None:
        self.data: dict[typing.Any, ConfusionMatrix] = {}

    def update(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation."""
        for output, true in y_true.items():
            self.data.setdefault(output, ConfusionMatrix()).update(true, y_pred[output], w)

    def revert(self, y_true: typing.Any, y_pred: typing.Any, w: float = 1.0) -> None:
        """Take an observation back."""
        for output, true in y_true.items():
            self.data.setdefault(output, ConfusionMatrix()).revert(true, y_pred[output], w)

    def __repr__(self) -> str:
        shown = ((output, textwrap.indent(repr(cm), " " * 4)) for output, cm in self.data.items())
        return "\n\n".join(f"{output}\n{matrix}" for output, matrix in shown)
