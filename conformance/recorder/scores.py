"""River's metrics on labels, chances and numbers made by formulas."""

from __future__ import annotations

import inspect
import math
from typing import Any

from river import metrics, utils

from .models import exact_auc
from .streams import number

N = 400
POINTS = [0, 1, 2, 4, 9, 24, 49, 99, 199, 399]
CLASSES = ("a", "b", "c", "d")
# Other families, and those that are told more than one label or number.
LEFT_OUT = {"Silhouette", "ConfusionMatrix", "ClassificationReport"}
# Where River fails: AdjustedMutualInfo's Rust panics, as it takes the sum of weights for a count;
# RMSLE takes back the numbers where it had added their logarithms.
NO_WEIGHTS = {"AdjustedMutualInfo"}
NO_REVERT = {"RMSLE", "RollingROCAUC", "RollingPRAUC"}
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "FBeta": [{"beta": 0.5}, {"beta": 2.0}],
    "MacroFBeta": [{"beta": 2.0}],
    "MicroFBeta": [{"beta": 2.0}],
    "WeightedFBeta": [{"beta": 2.0}],
    "MultiFBeta": [{
        "betas": {"a": 0.5, "b": 1.0, "c": 2.0, "d": 3.0},
        "weights": {"a": 1.0, "b": 2.0, "c": 1.0, "d": 0.5},
    }],
    "ROCAUC": [{}, {"n_thresholds": 50}],
    "RollingROCAUC": [{"window_size": 50}],
    "RollingPRAUC": [{"window_size": 50}],
    "VBeta": [{}, {"beta": 0.5}],
    "NormalizedMutualInfo": [
        {"average_method": name} for name in ("arithmetic", "geometric", "min", "max")
    ],
}


def binary_truth(i: int) -> bool:
    return (i * 37 + 11) % 101 < 45


def binary_chance(i: int) -> float:
    """A chance that leans the right way, on a grid of 1/97 so that ties occur."""
    return (((i * 53 + 7) % 97) * 6 + (388 if binary_truth(i) else 0)) / 970


def multi_truth(i: int) -> str:
    return CLASSES[(i * i + i // 3) % 4]


def multi_guess(i: int) -> str:
    shift = 1 + i % 2 if (i * 29) % 7 < 2 else 0
    return CLASSES[(CLASSES.index(multi_truth(i)) + shift) % 4]


def multi_chances(i: int) -> dict[str, float]:
    weights = {c: 1.0 + (i * (j + 3)) % 5 for j, c in enumerate(CLASSES)}
    weights[multi_guess(i)] += 6.0
    total = math.fsum(weights.values())
    return {c: w / total for c, w in weights.items()}


def weight(i: int) -> float:
    return 1.0 + i % 3


def chances(i: int) -> dict[bool, float]:
    return {True: binary_chance(i), False: 1.0 - binary_chance(i)}


# A regression metric sees (x(i), x(i) + x(i * 3 + 1) / 10); RMSLE needs both above -1.
PAIRS = {
    "binary-labels": (binary_truth, lambda i: binary_chance(i) > 0.5),
    "binary-chances": (binary_truth, chances),
    "multi-labels": (multi_truth, multi_guess),
    "multi-chances": (multi_truth, multi_chances),
    "numbers": (number, lambda i: number(i) + number(i * 3 + 1) / 10),
    "positive-numbers": (lambda i: number(i) + 4, lambda i: number(i * 5 + 2) + 4),
}


def record() -> dict[str, Any]:
    entries = []
    for name in sorted(set(metrics.__all__) - LEFT_OUT):
        cls = getattr(metrics, name, None)
        if not inspect.isclass(cls):
            continue
        for parameters in PARAMETERS.get(name, [{}]):
            for sequence in sequences(cls(**parameters), name):
                entries.append(follow(cls, name, parameters, sequence))
    return {
        "case": "metrics",
        "at": POINTS,
        "sequences": sequences_written(),
        "metrics": entries,
        "exact_auc": [
            exact_auc([binary_truth(i) for i in range(n + 1)],
                      [binary_chance(i) for i in range(n + 1)])
            for n in POINTS
        ],
        "confusion_matrix": confusion(),
    }


def sequences(metric: Any, name: str) -> list[str]:
    """Which sequences a metric can follow."""
    if isinstance(metric, metrics.base.RegressionMetric):
        return ["positive-numbers"] if name == "RMSLE" else ["numbers", "positive-numbers"]
    if name in {"LogLoss", "ROCAUC", "RollingROCAUC", "RollingPRAUC"}:
        return ["binary-chances"]
    if name == "CrossEntropy":
        return ["multi-chances"]
    if isinstance(metric, metrics.base.BinaryMetric):
        return ["binary-labels"]
    return ["multi-labels"] if name == "MultiFBeta" else ["binary-labels", "multi-labels"]


def sequences_written() -> dict[str, Any]:
    """The sequences themselves: a formula in another language is one more thing to get wrong."""
    return {
        name: {"y_true": [truth(i) for i in range(N)], "y_pred": [guess(i) for i in range(N)]}
        for name, (truth, guess) in PAIRS.items()
    }


def follow(cls: Any, name: str, parameters: dict[str, Any], sequence: str) -> dict[str, Any]:
    """Values along a sequence; the same weighted; the same with the first half taken back."""
    truth, guess = PAIRS[sequence]
    entry = {"spec": {name: parameters} if parameters else name, "sequence": sequence}
    metric = cls(**parameters)
    values = {}
    for i in range(N):
        metric.update(truth(i), guess(i))
        values[i] = metric.get()
    entry["get"] = [values[i] for i in POINTS]
    if name not in NO_WEIGHTS and "w" in inspect.signature(metric.update).parameters:
        weighted = cls(**parameters)
        for i in range(N):
            weighted.update(truth(i), guess(i), weight(i))
        entry["weighted"] = weighted.get()
    if name not in NO_REVERT:
        for i in range(N // 2):
            metric.revert(truth(i), guess(i))
        entry["reverted"] = metric.get()
        rolling = utils.Rolling(cls(**parameters), window_size=50)
        for i in range(N):
            rolling.update(truth(i), guess(i))
        entry["rolling_50"] = rolling.get()
    return entry


def confusion() -> dict[str, Any]:
    matrix = metrics.ConfusionMatrix()
    for i in range(N):
        matrix.update(multi_truth(i), multi_guess(i))
    return {t: {p: matrix[t][p] for p in CLASSES} for t in CLASSES}
