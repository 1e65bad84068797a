"""Naive Bayes: counts by class, and by class and feature."""

from __future__ import annotations

import collections
import typing

from . import _wire as w
from ._states import State, named

_CLASSES = {"counts": w.ByClass(w.NUMBER), "total": w.NUMBER}
_COUNTS = w.ByFeature(w.NUMBER)


def _read_classes(model: typing.Any) -> dict:
    return {"counts": model.class_counts, "total": sum(model.class_counts.values())}


def _whole(value: float) -> float:
    """A number as an `int` where it is one, as River counts."""
    return int(value) if value.is_integer() else value


def _counter(values: dict) -> collections.Counter:
    return collections.Counter({key: _whole(value) for key, value in values.items()})


def _by_class(model: typing.Any) -> dict[typing.Any, dict]:
    """River's counts by feature and class, by class first."""
    found: dict[typing.Any, dict] = {label: {} for label in model.class_counts}
    for feature, counts in model.feature_counts.items():
        for label, count in counts.items():
            found[label][feature] = float(count)
    return found


def _give_counts(model: typing.Any, state: dict) -> None:
    model.class_counts = _counter(state["classes"]["counts"])
    for feature in state["known"]:
        model.feature_counts[feature] = collections.Counter()
    for label, counts in state["counts"].items():
        for feature, count in counts.items():
            model.feature_counts[feature][label] = _whole(count)


@named("GaussianNB")
class _Gaussian(State):
    layout = w.Row(
        classes=w.Row(**_CLASSES),
        gaussians=w.ByClass(
            w.Row(n=_COUNTS, means=_COUNTS, squares=_COUNTS),
            {"n": {}, "means": {}, "squares": {}},
        ),
    )

    def read(self, model: typing.Any) -> dict:
        gaussians = {}
        for label in model.class_counts:
            of = {feature: g._var for feature, g in model.gaussians[label].items()}
            gaussians[label] = {
                "n": {feature: var.mean.n for feature, var in of.items()},
                "means": {feature: var.mean.get() for feature, var in of.items()},
                "squares": {feature: var._S for feature, var in of.items()},
            }
        return {"classes": _read_classes(model), "gaussians": gaussians}

    def write(self, model: typing.Any, state: dict) -> None:
        model.class_counts = _counter(state["classes"]["counts"])
        for label, of in state["gaussians"].items():
            for feature, n in of["n"].items():
                var = model.gaussians[label][feature]._var
                var.mean.n = n
                var.mean._mean = of["means"].get(feature, 0.0)
                var._S = of["squares"].get(feature, 0.0)


@named("MultinomialNB", "ComplementNB")
class _Terms(State):
    layout = w.Row(
        classes=w.Row(**_CLASSES),
        counts=w.ByClass(_COUNTS, {}),
        totals=w.ByClass(w.NUMBER),
        sums=_COUNTS,
        total=w.NUMBER,
        known=w.ByFeature(w.TRUTH, False),
        met=w.NUMBER,
    )

    def read(self, model: typing.Any) -> dict:
        terms = model.feature_counts
        return {
            "classes": _read_classes(model),
            "counts": _by_class(model),
            "totals": {label: model.class_totals[label] for label in model.class_counts},
            "sums": {term: sum(counts.values()) for term, counts in terms.items()},
            "total": sum(model.class_totals.values()),
            "known": dict.fromkeys(terms, True),
            "met": len(terms),
        }

    def write(self, model: typing.Any, state: dict) -> None:
        _give_counts(model, state)
        model.class_totals = _counter(state["totals"])
        if hasattr(model, "feature_totals"):
            model.feature_totals = _counter(state["sums"])


@named("BernoulliNB")
class _Bernoulli(State):
    layout = w.Row(
        classes=w.Row(**_CLASSES),
        counts=w.ByClass(_COUNTS, {}),
        histograms=w.ByClass(w.Many(w.Row(count=w.NUMBER, terms=w.WHOLE)), []),
        known=w.ByFeature(w.TRUTH, False),
        n_terms=w.WHOLE,
    )

    def read(self, model: typing.Any) -> dict:
        counts = _by_class(model)
        histograms = {}
        for label, of in counts.items():
            found = collections.Counter(count for count in of.values() if count > 0.0)
            histograms[label] = [{"count": c, "terms": n} for c, n in sorted(found.items())]
        return {
            "classes": _read_classes(model),
            "counts": counts,
            "histograms": histograms,
            "known": dict.fromkeys(model.feature_counts, True),
            "n_terms": len(model.feature_counts),
        }

    def write(self, model: typing.Any, state: dict) -> None:
        _give_counts(model, state)
