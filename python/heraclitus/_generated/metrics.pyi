import typing

from .. import _kinds, base, optim
from ..metrics import base as metrics_base

class Accuracy(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class BalancedAccuracy(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class CohenKappa(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class GeometricMean(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class Precision(_kinds.Metric, metrics_base.BinaryMetric):
    cm: metrics_base.ClassificationMetric | None
    pos_val: bool | int | str
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None: ...

class Recall(_kinds.Metric, metrics_base.BinaryMetric):
    cm: metrics_base.ClassificationMetric | None
    pos_val: bool | int | str
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None: ...

class F1(_kinds.Metric, metrics_base.BinaryMetric):
    cm: metrics_base.ClassificationMetric | None
    pos_val: bool | int | str
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None: ...

class Jaccard(_kinds.Metric, metrics_base.BinaryMetric):
    cm: metrics_base.ClassificationMetric | None
    pos_val: bool | int | str
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None: ...

class MCC(_kinds.Metric, metrics_base.BinaryMetric):
    cm: metrics_base.ClassificationMetric | None
    pos_val: bool | int | str
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None: ...

class FBeta(_kinds.Metric, metrics_base.BinaryMetric):
    beta: float
    cm: metrics_base.ClassificationMetric | None
    pos_val: bool | int | str
    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None: ...

class MacroPrecision(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MicroPrecision(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class WeightedPrecision(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MacroRecall(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MicroRecall(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class WeightedRecall(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MacroF1(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MicroF1(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class WeightedF1(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MacroJaccard(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MicroJaccard(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class WeightedJaccard(_kinds.Metric, metrics_base.MultiClassMetric):
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MacroFBeta(_kinds.Metric, metrics_base.MultiClassMetric):
    beta: float
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class MicroFBeta(_kinds.Metric, metrics_base.MultiClassMetric):
    beta: float
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class WeightedFBeta(_kinds.Metric, metrics_base.MultiClassMetric):
    beta: float
    cm: metrics_base.ClassificationMetric | None
    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None: ...

class LogLoss(_kinds.Metric, metrics_base.MeanMetric, metrics_base.BinaryMetric):
    pos_val: bool | int | str
    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None: ...

class CrossEntropy(_kinds.Metric, metrics_base.MeanMetric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class ROCAUC(_kinds.Metric, metrics_base.BinaryMetric):
    n_thresholds: int
    pos_val: bool | int | str
    def __init__(
        self,
        n_thresholds: int = 10,
        pos_val: bool | int | str = True,
    ) -> None: ...

class RollingROCAUC(_kinds.Metric, metrics_base.BinaryMetric):
    window_size: int
    pos_val: bool | int | str
    def __init__(
        self,
        window_size: int = 1000,
        pos_val: bool | int | str = True,
    ) -> None: ...

class ExactROCAUC(_kinds.Metric, metrics_base.BinaryMetric):
    window_size: int
    pos_val: bool | int | str
    def __init__(
        self,
        window_size: int = 10000,
        pos_val: bool | int | str = True,
    ) -> None: ...

class MAE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class MSE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class RMSE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class RMSLE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class MAPE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class SMAPE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class R2(_kinds.Metric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...
