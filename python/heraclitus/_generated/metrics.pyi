import typing

from .. import _native, base, optim
from .._shell import Shell
from ..metrics import base as metrics_base

class Accuracy(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class BalancedAccuracy(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class CohenKappa(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class GeometricMean(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class Precision(Shell, _native.Metric, metrics_base.BinaryMetric):
    pos_val: bool | int | str
    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None: ...

class Recall(Shell, _native.Metric, metrics_base.BinaryMetric):
    pos_val: bool | int | str
    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None: ...

class F1(Shell, _native.Metric, metrics_base.BinaryMetric):
    pos_val: bool | int | str
    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None: ...

class Jaccard(Shell, _native.Metric, metrics_base.BinaryMetric):
    pos_val: bool | int | str
    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None: ...

class MCC(Shell, _native.Metric, metrics_base.BinaryMetric):
    pos_val: bool | int | str
    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None: ...

class FBeta(Shell, _native.Metric, metrics_base.BinaryMetric):
    beta: float
    pos_val: bool | int | str
    def __init__(
        self,
        beta: float,
        pos_val: bool | int | str = True,
    ) -> None: ...

class MacroPrecision(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MicroPrecision(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class WeightedPrecision(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MacroRecall(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MicroRecall(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class WeightedRecall(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MacroF1(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MicroF1(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class WeightedF1(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MacroJaccard(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MicroJaccard(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class WeightedJaccard(Shell, _native.Metric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class MacroFBeta(Shell, _native.Metric, metrics_base.MultiClassMetric):
    beta: float
    def __init__(
        self,
        beta: float,
    ) -> None: ...

class MicroFBeta(Shell, _native.Metric, metrics_base.MultiClassMetric):
    beta: float
    def __init__(
        self,
        beta: float,
    ) -> None: ...

class WeightedFBeta(Shell, _native.Metric, metrics_base.MultiClassMetric):
    beta: float
    def __init__(
        self,
        beta: float,
    ) -> None: ...

class LogLoss(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.BinaryMetric):
    pos_val: bool | int | str
    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None: ...

class CrossEntropy(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.MultiClassMetric):
    def __init__(
        self,
    ) -> None: ...

class ROCAUC(Shell, _native.Metric, metrics_base.BinaryMetric):
    n_thresholds: int
    pos_val: bool | int | str
    def __init__(
        self,
        n_thresholds: int = 10,
        pos_val: bool | int | str = True,
    ) -> None: ...

class RollingROCAUC(Shell, _native.Metric, metrics_base.BinaryMetric):
    window_size: int
    pos_val: bool | int | str
    def __init__(
        self,
        window_size: int = 1000,
        pos_val: bool | int | str = True,
    ) -> None: ...

class ExactROCAUC(Shell, _native.Metric, metrics_base.Metric):
    window_size: int
    pos_val: bool | int | str
    def __init__(
        self,
        window_size: int = 10000,
        pos_val: bool | int | str = True,
    ) -> None: ...

class MAE(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class MSE(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class RMSE(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class RMSLE(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class MAPE(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class SMAPE(Shell, _native.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...

class R2(Shell, _native.Metric, metrics_base.RegressionMetric):
    def __init__(
        self,
    ) -> None: ...
