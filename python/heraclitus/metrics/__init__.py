"""Figures of how well predictions fit.

All are updated observation by observation, and take observations back, so that `utils.Rolling`
can keep them over a window.

>>> from heraclitus import metrics, utils
>>> metric = utils.Rolling(metrics.Accuracy, window_size=3)
>>> for y_true, y_pred in zip([True, False, True, True], [False, False, True, True]):
...     metric.update(y_true, y_pred)
>>> metric
Accuracy: 100.00%

"""

from __future__ import annotations

from . import base
from .confusion import ConfusionMatrix
from .._generated.metrics import *
from .._generated.metrics import __all__ as _generated
from . import multioutput
from .fbeta import MultiFBeta
from .information import AdjustedMutualInfo, MutualInfo, NormalizedMutualInfo
from .pairs import AdjustedRand, FowlkesMallows, Rand
from .report import ClassificationReport
from .rolling_pr_auc import RollingPRAUC
from .silhouette import Silhouette
from .vbeta import Completeness, Homogeneity, VBeta

__all__ = [
    *_generated,
    "AdjustedMutualInfo",
    "AdjustedRand",
    "ClassificationReport",
    "Completeness",
    "ConfusionMatrix",
    "FowlkesMallows",
    "Homogeneity",
    "MultiFBeta",
    "MutualInfo",
    "NormalizedMutualInfo",
    "Rand",
    "RollingPRAUC",
    "Silhouette",
    "VBeta",
    "base",
    "multioutput",
]
