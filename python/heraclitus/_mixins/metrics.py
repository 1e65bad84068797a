"""What River's metrics have beyond the catalogue: how they are written, their parts."""

from __future__ import annotations

import typing

from .. import base


def _part(name: str) -> property:
    def made(self: typing.Any) -> typing.Any:
        from .. import metrics

        return getattr(metrics, name)(self.cm, self.pos_val)

    return property(made, doc=f"The same predictions as a `{name}`.")


class F1:
    precision = _part("Precision")
    recall = _part("Recall")
    beta = property(lambda self: 1.0)


class FBeta:
    precision = _part("Precision")
    recall = _part("Recall")


class MCC:
    _fmt = ""


class LogLoss:
    _fmt = ""


class CrossEntropy:
    _fmt = ""


def _works_with(self: typing.Any, model: typing.Any) -> bool:
    """Whether the model is a classifier, or scores anomalies."""
    return isinstance(model, base.Classifier | base.AnomalyDetector | base.AnomalyFilter)


class ROCAUC:
    works_with = _works_with


class RollingROCAUC:
    works_with = _works_with
    works_with_weights = property(lambda self: False, doc="Whether observations may have weights.")


class ExactROCAUC:
    works_with = _works_with
    works_with_weights = RollingROCAUC.works_with_weights
