"""What estimators are made of: losses, schedulers, optimizers, stats, drift detectors."""

from __future__ import annotations

import random
from typing import Any

from river import drift, stats, utils

from .build import build
from .streams import number

BINARY_LOSSES: list[Any] = [
    "Log",
    {"Log": {"weight_pos": 2.0, "weight_neg": 0.5}},
    "Hinge",
    {"Hinge": {"threshold": 0.0}},
    "BinaryFocalLoss",
    {"BinaryFocalLoss": {"gamma": 1, "beta": 0.5}},
]
REGRESSION_LOSSES: list[Any] = [
    "Squared",
    "Absolute",
    {"Huber": {"epsilon": 0.1}},
    {"Huber": {"epsilon": 2.0}},
    {"EpsilonInsensitiveHinge": {"eps": 0.1}},
    {"Quantile": {"alpha": 0.5}},
    {"Quantile": {"alpha": 0.9}},
    "Cauchy",
    {"Cauchy": {"C": 2.0}},
    "Poisson",
]
SCORES = (-40.0, -30.5, -18.5, -17.9, -1.25, -0.5, 0.0, 0.3, 1.0, 2.5, 17.9, 18.5, 30.5, 40.0)


def losses() -> dict[str, Any]:
    """Value, gradient and mean function of each loss over a grid of (y, prediction)."""
    entries = []
    for spec in BINARY_LOSSES + REGRESSION_LOSSES:
        loss = build(spec, "loss")
        binary = spec in BINARY_LOSSES
        truths = (False, True) if binary else (-2.0, 0.0, 0.25, 3.0)
        # e^40 is of no interest: Poisson's link is exponential.
        scores = [p for p in SCORES if abs(p) < 18 or spec != "Poisson"]
        grid = [(y, p) for y in truths for p in scores]
        entries.append({
            "spec": spec,
            "kind": "binary" if binary else "regression",
            "y_true": [y for y, _ in grid],
            "y_pred": [p for _, p in grid],
            "value": [or_null(loss, y, p) for y, p in grid],
            "gradient": [loss.gradient(y, p) for y, p in grid],
            "mean": {"y_pred": scores, "mean_func": [loss.mean_func(p) for p in scores]},
        })
    return {"case": "losses", "losses": entries}


def or_null(loss: Any, y: Any, p: float) -> float | None:
    """The loss, or null where River's formula has none (Poisson of a negative count)."""
    try:
        value = loss(y, p)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return value if isinstance(value, int | float) or hasattr(value, "item") else None


def schedulers() -> dict[str, Any]:
    steps = [0, 1, 2, 3, 10, 100, 1000, 99999]
    specs: list[Any] = [
        {"Constant": {"learning_rate": 0.05}},
        {"InverseScaling": {"learning_rate": 0.5}},
        {"InverseScaling": {"learning_rate": 0.5, "power": 0.25}},
        {"Optimal": {"loss": "Log"}},
        {"Optimal": {"loss": "Hinge", "alpha": 0.001}},
        {"Optimal": {"loss": "Squared", "alpha": 0.01}},
    ]
    entries = [
        {"spec": spec, "t": steps, "get": [build(spec, "lr").get(t) for t in steps]}
        for spec in specs
    ]
    return {"case": "schedulers", "schedulers": entries}


OPTIMIZERS: list[Any] = [
    "SGD",
    "Momentum",
    {"Momentum": {"lr": 0.05, "rho": 0.5}},
    "AdaGrad",
    "AdaDelta",
    {"AdaDelta": {"rho": 0.9, "eps": 1e-6}},
    "RMSProp",
    "Adam",
    {"Adam": {"lr": 0.01, "beta_1": 0.8, "beta_2": 0.99}},
    "FTRLProximal",
    {"FTRLProximal": {"alpha": 0.1, "beta": 0.5, "l1": 0.2, "l2": 0.3}},
]
STEPS = 40


def optimizers() -> dict[str, Any]:
    """Steps from {a: 0, b: 1} along gradients of which b is there every other time."""
    gradients = [
        {"a": number(t) / 4, **({"b": number(t + 500) / 2} if t % 2 == 0 else {})}
        for t in range(STEPS)
    ]
    entries = []
    for spec in OPTIMIZERS:
        optimizer = build(spec, "optimizer")
        weights = {"a": 0.0, "b": 1.0}
        path = []
        for gradient in gradients:
            weights = optimizer.step(weights, dict(gradient))
            path.append([weights["a"], weights["b"]])
        entries.append({"spec": spec, "path": path})
    return {"case": "optimizers", "start": [0.0, 1.0], "gradients": gradients,
            "optimizers": entries}


POINTS = [0, 1, 2, 3, 4, 5, 7, 10, 19, 20, 21, 49, 50, 51, 99, 100, 101, 250, 500, 750, 999]
UNIVARIATE: list[Any] = [
    "AbsMax",
    "Count",
    "Entropy",
    "EWMean",
    {"EWMean": {"fading_factor": 0.1}},
    "EWVar",
    {"EWVar": {"fading_factor": 0.1}},
    "IQR",
    {"IQR": {"q_inf": 0.1, "q_sup": 0.8}},
    "Kurtosis",
    "MAD",
    "Max",
    "Mean",
    "Min",
    "Mode",
    "PeakToPeak",
    "Quantile",
    {"Quantile": {"q": 0.1}},
    {"Quantile": {"q": 0.95}},
    "SEM",
    "Shift",
    {"Shift": {"amount": 3}},
    "Skew",
    "Sum",
    "Var",
    {"Var": {"ddof": 0}},
    {"RollingAbsMax": {"window_size": 20}},
    {"RollingIQR": {"window_size": 20}},
    {"RollingMax": {"window_size": 20}},
    {"RollingMin": {"window_size": 20}},
    {"RollingMode": {"window_size": 20}},
    {"RollingPeakToPeak": {"window_size": 20}},
    {"RollingQuantile": {"q": 0.5, "window_size": 20}},
    {"RollingQuantile": {"q": 0.1, "window_size": 50}},
]
ROLLING: list[tuple[Any, int]] = [
    ("Mean", 50),
    ("Sum", 50),
    ("Var", 50),
    ({"Var": {"ddof": 0}}, 20),
]
BIVARIATE: list[Any] = ["Cov", {"Cov": {"ddof": 0}}, "EWCov", "PearsonCorr"]


def statistics() -> dict[str, Any]:
    """Each statistic over x_i = ((i * 7919 + 13) % 1009) / 101 - 4, at chosen i (after update)."""
    entries = []
    for spec in UNIVARIATE:
        entries.append({"spec": spec, "get": follow(build(spec, "statistic"))})
    for spec, window in ROLLING:
        rolling = utils.Rolling(build(spec, "statistic"), window_size=window)
        entries.append({"spec": {"Rolling": {"obj": spec, "window_size": window}},
                        "get": follow(rolling)})
    pairs = []
    for spec in BIVARIATE:
        statistic = build(spec, "statistic")
        values = {}
        for i in range(1000):
            statistic.update(number(i), number(i * 3 + 1) + number(i) / 2)
            values[i] = statistic.get()
        pairs.append({"spec": spec, "get": [values[i] for i in POINTS]})
    weighted = {}
    for name in ("Mean", "Sum", "Var"):
        statistic = getattr(stats, name)()
        values = {}
        for i in range(1000):
            # Only these take a weight; Sum is there for its lack of one.
            statistic.update(number(i), *(() if name == "Sum" else (1.0 + i % 3,)))
            values[i] = statistic.get()
        weighted[name] = [values[i] for i in POINTS]
    return {
        "case": "stats",
        "x": "((i * 7919 + 13) % 1009) / 101 - 4",
        "y": "x(i * 3 + 1) + x(i) / 2",
        "weight": "1 + i % 3 (Mean and Var only)",
        "at": POINTS,
        "stats": entries,
        "pairs": pairs,
        "weighted": weighted,
    }


def follow(statistic: Any) -> list[Any]:
    values = {}
    for i in range(1000):
        statistic.update(number(i))
        values[i] = statistic.get()
    return [values[i] for i in POINTS]


CONTINUOUS: list[Any] = [
    "ADWIN",
    {"ADWIN": {"delta": 0.1, "clock": 8, "grace_period": 20}},
    {"ADWIN": {"max_buckets": 3, "min_window_length": 10}},
    "PageHinkley",
    {"PageHinkley": {"threshold": 10.0, "mode": "up"}},
    {"PageHinkley": {"threshold": 10.0, "mode": "down", "alpha": 1 - 0.001}},
    {"KSWIN": {"alpha": 0.0001, "seed": 42}},
    {"KSWIN": {"seed": 7, "window_size": 60, "stat_size": 20}},
]
BINARY: list[Any] = [
    "DDM",
    {"DDM": {"warm_start": 10, "warning_threshold": 1.5, "drift_threshold": 2.0}},
    "EDDM",
    {"EDDM": {"warm_start": 10, "alpha": 0.98, "beta": 0.95}},
    "FHDDM",
    {"FHDDM": {"sliding_window_size": 60, "confidence_level": 0.01, "short_window_size": 20}},
    "HDDMA",
    {"HDDMA": {"drift_confidence": 0.01, "warning_confidence": 0.05, "two_sided_test": True}},
    "HDDMW",
    {"HDDMW": {"drift_confidence": 0.01, "lambda_val": 0.02, "two_sided_test": True}},
    "ADWIN",
]


def step(i: int) -> float:
    """A level that jumps at 1000 and 2000, with a formula's noise around it."""
    return number(i) / 4 + (0.0, 3.0, -2.0)[i // 1000]


def drifting_errors(n: int) -> list[int]:
    """0/1 errors: one in ten, one in two after 800, one in five after 1,600."""
    return [int((i * 7919 + 13) % 1009 < (101, 505, 202)[min(i // 800, 2)]) for i in range(n)]


def drifts() -> dict[str, Any]:
    """Where each detector cries, on formula-made streams and on a seeded one written out here."""
    generator = random.Random(12345)
    drawn = generator.choices([0, 1], k=1000) + generator.choices(range(4, 8), k=1000)
    streams: dict[str, Any] = {
        "steps": [step(i) for i in range(3000)],
        "drawn": drawn,
        "errors": drifting_errors(2400),
    }
    entries = []
    for names, specs in ((("steps", "drawn", "errors"), CONTINUOUS), (("errors",), BINARY)):
        for name in names:
            for spec in specs:
                if spec != "ADWIN" or specs is CONTINUOUS:
                    entries.append({"spec": spec, "stream": name, **cries(spec, streams[name])})
    return {
        "case": "drift",
        "streams": {
            "steps": "x(i) / 4 + (0, 3, -2)[i / 1000], i < 3000; x as in stats.json",
            "drawn": drawn,
            "errors": "(i * 7919 + 13) % 1009 < (101, 505, 202)[min(i / 800, 2)], i < 2400",
        },
        "detectors": entries,
    }


def cries(spec: Any, values: list[float]) -> dict[str, Any]:
    detector = build(spec)
    alarms, warnings, states = [], [], []
    for i, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            alarms.append(i)
        if getattr(detector, "warning_detected", False):
            warnings.append(i)
        if isinstance(detector, drift.ADWIN) and i % 500 == 499:
            states.append([i, detector.width, detector.estimation, detector.variance])
    return {
        "drift": alarms,
        "warning": warnings,
        **({"adwin_width_estimation_variance": states} if states else {}),
    }
