"""Metrics: a mean, the counts of one class, or those of all."""

from __future__ import annotations

import itertools
import typing

from . import _wire as w
from ._states import State, named
from .stats import MEAN, read_mean, write_mean


def tell(ours: typing.Any, theirs: typing.Any) -> None:
    """Gives a metric of ours the pairs of labels that River's was told."""
    if hasattr(ours, "_set_pairs") and hasattr(theirs, "cm"):
        cells = [(y, p, float(n)) for y, row in theirs.cm.data.items() for p, n in row.items()]
        ours._set_pairs(theirs.cm.n_samples, cells)


def told(theirs: typing.Any, ours: typing.Any) -> bool:
    """Gives River's metric the pairs that ours was told; whether it knows of any."""
    if not (hasattr(ours, "_pairs") and hasattr(theirs, "cm")):
        return False
    if "_cm" in vars(ours):
        seen, cells = ours.cm.n_samples, ours.cm._cells()
    else:
        seen, cells = ours._pairs
    _fill(theirs.cm, {(y, p): n for y, p, n in cells})
    theirs.cm.n_samples = seen
    return bool(cells)


@named("MAE", "MSE", "RMSE", "RMSLE", "MAPE", "SMAPE", "LogLoss", "CrossEntropy")
class _Mean(State):
    layout = MEAN

    def read(self, model: typing.Any) -> dict:
        return read_mean(model._mean)

    def write(self, model: typing.Any, state: dict) -> None:
        write_mean(model._mean, state)


@named("R2")
class _R2(State):
    layout = w.Row(n=w.NUMBER, mean=w.NUMBER, around_mean=w.NUMBER, residual=w.NUMBER)

    def read(self, model: typing.Any) -> dict:
        var = model._y_var
        rest = {"around_mean": var._S, "residual": model._residual_sum_of_squares}
        return {**read_mean(var.mean), **rest}

    def write(self, model: typing.Any, state: dict) -> None:
        write_mean(model._y_var.mean, state)
        model._y_var._S = state["around_mean"]
        model._residual_sum_of_squares = state["residual"]


@named("ROCAUC")
class _RocAuc(State):
    # Weights by how many thresholds were exceeded, from none to all.
    layout = w.Row(positive=w.Many(w.NUMBER), negative=w.Many(w.NUMBER))

    def read(self, model: typing.Any) -> dict:
        def sides(truth: bool) -> list[float]:
            above = [cm.data[truth][True] if truth in cm.data else 0.0 for cm in model.cms]
            bounds = [model.cms[0].sum_row.get(truth, 0.0), *above, 0.0]
            return [more - less for more, less in itertools.pairwise(bounds)]

        return {"positive": sides(True), "negative": sides(False)}

    def write(self, model: typing.Any, state: dict) -> None:
        for i, cm in enumerate(model.cms):
            cells = {}
            for truth, side in ((True, state["positive"]), (False, state["negative"])):
                cells[truth, True], cells[truth, False] = sum(side[i + 1 :]), sum(side[: i + 1])
            _fill(cm, cells)


@named("Precision", "Recall", "F1", "FBeta", "Jaccard", "MCC")
class _OneClass(State):
    layout = w.Row(tp=w.NUMBER, fp=w.NUMBER, fn=w.NUMBER, tn=w.NUMBER)

    def read(self, model: typing.Any) -> dict:
        cm, pos = model.cm, model.pos_val
        tp = cm.data[pos][pos] if pos in cm.data else 0.0
        fp, fn = cm.sum_col.get(pos, 0.0) - tp, cm.sum_row.get(pos, 0.0) - tp
        return {"tp": tp, "fp": fp, "fn": fn, "tn": cm.total_weight - tp - fp - fn}

    def write(self, model: typing.Any, state: dict) -> None:
        pos = model.pos_val
        if not isinstance(pos, bool):
            raise TypeError(
                f"the pos_val of this {type(model).__name__} is {pos!r}: what the other classes "
                "are called is not known here"
            )
        cells = {(pos, pos): "tp", (not pos, pos): "fp", (pos, not pos): "fn"}
        cells[(not pos, not pos)] = "tn"
        _fill(model.cm, {cell: state[name] for cell, name in cells.items()})


def _fill(cm: typing.Any, cells: dict[tuple, float]) -> None:
    """Puts weights by true and predicted class into a matrix."""
    for (true, predicted), weight in cells.items():
        if weight == 0.0:
            continue
        cm.data[true][predicted] += weight
        cm.sum_row[true] += weight
        cm.sum_col[predicted] += weight
        cm.total_weight += weight
        cm.n_samples += int(weight)
        if true == predicted:
            cm._total_true_positives += weight


@named("Accuracy", "BalancedAccuracy", "CohenKappa", "GeometricMean")
@named("MicroPrecision", "MicroRecall", "MicroF1", "MicroFBeta", "MicroJaccard")
@named("MacroPrecision", "MacroRecall", "MacroF1", "MacroFBeta", "MacroJaccard")
@named("WeightedPrecision", "WeightedRecall", "WeightedF1", "WeightedFBeta", "WeightedJaccard")
class _AllClasses(State):
    layout = w.Row(
        hits=w.ByClass(w.NUMBER),
        rows=w.ByClass(w.NUMBER),
        cols=w.ByClass(w.NUMBER),
        total=w.NUMBER,
        correct=w.NUMBER,
    )

    def read(self, model: typing.Any) -> dict:
        cm = model.cm
        labels = dict.fromkeys([*cm.sum_row, *cm.sum_col])
        return {
            "hits": {c: cm.data[c][c] if c in cm.data else 0.0 for c in labels},
            "rows": {c: cm.sum_row.get(c, 0.0) for c in labels},
            "cols": {c: cm.sum_col.get(c, 0.0) for c in labels},
            "total": cm.total_weight,
            "correct": cm._total_true_positives,
        }

    def write(self, model: typing.Any, state: dict) -> None:
        cm = model.cm
        for label, weight in state["hits"].items():
            cm.data[label][label] = weight
        cm.sum_row.update(state["rows"])
        cm.sum_col.update(state["cols"])
        cm.total_weight, cm._total_true_positives = state["total"], state["correct"]
        cm.n_samples = int(state["total"])
