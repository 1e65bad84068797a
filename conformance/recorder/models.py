"""Predict, score, learn: one model over one stream, in River's order."""

from __future__ import annotations

import math
from typing import Any

from river import base, compose, metrics

from .build import build
from .cases import Case
from .encode import kept, rank_sum
from .streams import Event

BINARY = ("Accuracy", "F1", "LogLoss", "ROCAUC")
MULTI = ("Accuracy", "MacroF1", "MicroF1", "WeightedF1", "CrossEntropy", "CohenKappa")
REGRESSION = ("MAE", "RMSE", "R2")


def record(case: Case, events: list[Event]) -> dict[str, Any]:
    """Run a case. Its kind is what a prediction is: binary (chance of true),
    proba (of each class), label or regression.
    """
    model = build(case.spec)
    kind = case.kind
    scores = [getattr(metrics, name)() for name in metrics_of(kind)]
    answers: list[Any] = []
    labels: list[bool] = []
    raised: dict[int, str] = {}
    skipped = 0
    for i, (x, y) in enumerate(events):
        try:
            answer = predict(model, dict(x), kind)
        except TypeError as error:
            # Some of River's transformers cannot be asked before they have learned.
            answer = None
            raised[i] = str(error)
        answers.append(answer)
        labels.append(y)
        if usable(answer):
            update(scores, model, dict(x), y, kind, answer)
        else:
            skipped += 1
        # A copy each time: River's Renamer renames in the dict of its caller.
        model.learn_one(dict(x), y)
    figures = {type(score).__name__: score.get() for score in scores}
    if kind == "binary":
        figures["AUCExact"] = exact_auc(labels, answers)
    indices = kept(len(events), case.full)
    return {
        "kind": kind,
        "n": len(events),
        "skipped": skipped,
        **({"river_raised": raised} if raised else {}),
        "metrics": figures,
        **({} if len(indices) == len(events) else {"indices": indices}),
        "predictions": [answers[i] for i in indices],
        **weights(model, text=case.stream == "tweets"),
    }


def metrics_of(kind: str) -> tuple[str, ...]:
    if kind == "label":
        return tuple(name for name in MULTI if name != "CrossEntropy")
    return {"binary": BINARY, "proba": MULTI, "regression": REGRESSION}[kind]


def predict(model: Any, x: Any, kind: str) -> Any:
    if kind in {"regression", "label"}:
        return model.predict_one(x)
    chances = model.predict_proba_one(x)
    if kind == "proba" or not chances:
        return chances or None
    return chances.get(True, 0.0)


def usable(answer: Any) -> bool:
    """River scores nothing before the first answer; its NaN, which would stay, we leave out too."""
    return answer is not None and not (isinstance(answer, float) and math.isnan(answer))


def update(
    scores: list[Any], model: Any, x: Any, y: Any, kind: str, answer: Any
) -> None:
    chances = {True: answer, False: 1.0 - answer} if kind == "binary" else answer
    label = model.predict_one(x)
    for score in scores:
        if isinstance(score, metrics.base.ClassificationMetric) and score.requires_labels:
            score.update(y, label)
        else:
            score.update(y, chances)


def exact_auc(labels: list[bool], answers: list[Any]) -> float:
    """The area under the ROC curve by ranks, ties shared: O(n log n), no thresholds."""
    pairs = sorted((a, y) for a, y in zip(answers, labels, strict=True) if usable(a))
    positives = sum(y for _, y in pairs)
    negatives = len(pairs) - positives
    if positives == 0 or negatives == 0:
        return 0.0
    wins = 0
    seen_negatives = 0
    start = 0
    while start < len(pairs):
        end = start
        while end < len(pairs) and pairs[end][0] == pairs[start][0]:
            end += 1
        tied_positives = sum(y for _, y in pairs[start:end])
        tied_negatives = end - start - tied_positives
        # Twice the wins, so that a tie's half stays a whole number.
        wins += tied_positives * (2 * seen_negatives + tied_negatives)
        seen_negatives += tied_negatives
        start = end
    return wins / (2 * positives * negatives)


def last_step(model: Any) -> Any:
    while isinstance(model, compose.Pipeline):
        model = list(model.steps.values())[-1]
    while isinstance(model, compose.TargetTransformRegressor):
        model = model.regressor
    return model


def weights(model: Any, text: bool) -> dict[str, Any]:
    """What a linear model has learned; a text model's only as figures, its names are not ours."""
    return weights_of(last_step(model), text)


def weights_of(last: Any, text: bool) -> dict[str, Any]:
    if isinstance(last, base.Wrapper) and hasattr(last, "classifiers"):
        children = {k: weights_of(m, text) for k, m in last.classifiers.items()}
        return {"children": {k: child for k, child in children.items() if child}}
    table = getattr(last, "weights", None)
    if table is None:
        table = getattr(last, "w", None)
    if table is None:
        return {}
    named = dict(table.items())
    if any(hasattr(value, "items") for value in named.values()):
        return {"weights": {k: dict(v.items()) for k, v in named.items()}}
    known = {"weights_summary": rank_sum(named)} if text else {"weights": named}
    intercept = getattr(last, "intercept", None)
    return known if intercept is None else {**known, "intercept": intercept}
