"""Metrics: a mean, the counts of one class, or those of all."""

from __future__ import annotations

import itertools
import typing

from . import _wire as w
from ._matrix import fill
from ._states import State, named
from .stats import MEAN, read_mean, write_mean


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
            found = {}
            for truth, side in ((True, state["positive"]), (False, state["negative"])):
                found[truth, True], found[truth, False] = sum(side[i + 1 :]), sum(side[: i + 1])
            fill(cm, int(sum(found.values())), [(*at, weight) for at, weight in found.items()])


@named("Precision", "Recall", "F1", "FBeta", "Jaccard", "MCC")
class _OneClass(State):
    # A metric of its own is filled with the pairs that ours was told; these are for one inside.
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
        found = {(pos, pos): "tp", (not pos, pos): "fp", (pos, not pos): "fn"}
        found[not pos, not pos] = "tn"
        told = [(*at, state[name]) for at, name in found.items()]
        fill(model.cm, int(sum(state.values())), told)


@named("Accuracy", "BalancedAccuracy", "CohenKappa", "GeometricMean")
@named("MicroPrecision", "MicroRecall", "MicroF1", "MicroFBeta", "MicroJaccard")
@named("MacroPrecision", "MacroRecall", "MacroF1", "MacroFBeta", "MacroJaccard")
@named("WeightedPrecision", "WeightedRecall", "WeightedF1", "WeightedFBeta", "WeightedJaccard")
class _AllClasses(State):
    # As `_OneClass`.
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
