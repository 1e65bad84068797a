"""The report on an event's way through a pipeline."""

from __future__ import annotations

import typing

from heraclitus.base.anomaly_detector import AnomalyDetector, AnomalyFilter
from heraclitus.base.classifier import Classifier

from . import _steps
from .union import TransformerUnion

if typing.TYPE_CHECKING:
    from .pipeline import Pipeline

_TAB = " " * 4


class _Report:
    def __init__(self, show_types: bool, n_decimals: int) -> None:
        self.show_types = show_types
        self.n_decimals = n_decimals
        self.lines: list[str] = []

    def value(self, value: typing.Any) -> str:
        return f"{value:,.{self.n_decimals}f}" if isinstance(value, float) else f"{value}"

    def title(self, title: str, margin: str = "") -> None:
        self.lines += [f"{margin}{title}", f"{margin}{'-' * len(title)}"]

    def features(self, x: typing.Any, margin: str = "") -> None:
        # An event may be a text.
        if isinstance(x, str):
            self.lines.append(x)
        else:
            for name, value in _sorted(x):
                kind = f" ({type(value).__name__})" if self.show_types else ""
                self.lines.append(f"{margin}{name}: {self.value(value)}{kind}")
        self.lines.append("")

    def union(self, place: int, union: TransformerUnion, x: typing.Any) -> None:
        from .pipeline import Pipeline

        self.title(f"{place}. Transformer union")
        for i, (name, part) in enumerate(union.transformers.items()):
            shown = str(part) if issubclass(type(part), Pipeline) else name
            self.title(f"{place}.{i} {shown}", _TAB)
            self.features(part.transform_one(x), _TAB)

    def model(self, place: int, model: typing.Any, x: typing.Any) -> None:
        self.title(f"{place}. {model}")
        if hasattr(model, "debug_one"):
            self.lines += [model.debug_one(x), ""]
        if isinstance(model, Classifier):
            probas = _sorted(model.predict_proba_one(x))
            self.lines += [f"{label}: {self.value(proba)}" for label, proba in probas]
        elif isinstance(model, AnomalyDetector):
            self.lines.append(f"Score: {self.value(model.score_one(x))}")
        else:
            self.lines.append(f"Prediction: {self.value(model.predict_one(x))}")


def _sorted(pairs: dict) -> list[tuple[typing.Any, typing.Any]]:
    try:
        return sorted(pairs.items())
    except TypeError:
        return sorted(pairs.items(), key=lambda pair: str(pair[0]))


def report(pipeline: Pipeline, x: typing.Any, show_types: bool, n_decimals: int) -> str:
    """The features before the first step, after each transformer, and what the model says."""
    out = _Report(show_types, n_decimals)
    out.title("0. Input")
    out.features(x)
    *transformers, last = pipeline.steps.values()
    for place, step in enumerate(transformers, start=1):
        if issubclass(type(step), TransformerUnion):
            out.union(place, step, x)
        else:
            out.title(f"{place}. {step}")
        # A filter lets each event pass when there is nothing to learn.
        if not issubclass(type(step), AnomalyFilter):
            x = step.transform_one(x)
        out.features(x)
    if not _steps.is_transformer(last):
        out.model(len(pipeline), last, x)
    return "\n".join(out.lines).rstrip()
