"""River's `metrics`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed
from ..metrics import base as metrics_base

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "Accuracy",
    "BalancedAccuracy",
    "CohenKappa",
    "CrossEntropy",
    "ExactROCAUC",
    "F1",
    "FBeta",
    "GeometricMean",
    "Jaccard",
    "LogLoss",
    "MAE",
    "MAPE",
    "MCC",
    "MSE",
    "MacroF1",
    "MacroFBeta",
    "MacroJaccard",
    "MacroPrecision",
    "MacroRecall",
    "MicroF1",
    "MicroFBeta",
    "MicroJaccard",
    "MicroPrecision",
    "MicroRecall",
    "Precision",
    "R2",
    "RMSE",
    "RMSLE",
    "ROCAUC",
    "Recall",
    "RollingROCAUC",
    "SMAPE",
    "WeightedF1",
    "WeightedFBeta",
    "WeightedJaccard",
    "WeightedPrecision",
    "WeightedRecall",
]


@mixed
class Accuracy(_kinds.Metric, metrics_base.MultiClassMetric):
    """The share predicted right.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "Accuracy"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class BalancedAccuracy(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean recall over the classes seen.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "BalancedAccuracy"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class CohenKappa(_kinds.Metric, metrics_base.MultiClassMetric):
    """How much better than chance the predictions are.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "CohenKappa"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class GeometricMean(_kinds.Metric, metrics_base.MultiClassMetric):
    """The geometric mean of the classes' recalls.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "GeometricMean"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class Precision(_kinds.Metric, metrics_base.BinaryMetric):
    """Of what was predicted as the class, the share that is of it.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "Precision"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            cm=cm,
            pos_val=pos_val,
        )


@mixed
class Recall(_kinds.Metric, metrics_base.BinaryMetric):
    """Of what is of the class, the share that was predicted as it.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "Recall"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            cm=cm,
            pos_val=pos_val,
        )


@mixed
class F1(_kinds.Metric, metrics_base.BinaryMetric):
    """The harmonic mean of precision and recall.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "F1"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            cm=cm,
            pos_val=pos_val,
        )


@mixed
class Jaccard(_kinds.Metric, metrics_base.BinaryMetric):
    """Of what is or was predicted as the class, the share that is both.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "Jaccard"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            cm=cm,
            pos_val=pos_val,
        )


@mixed
class MCC(_kinds.Metric, metrics_base.BinaryMetric):
    """Matthews' correlation of truth and prediction.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "MCC"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            cm=cm,
            pos_val=pos_val,
        )


@mixed
class FBeta(_kinds.Metric, metrics_base.BinaryMetric):
    """The harmonic mean of precision and recall, weighted by beta.

    Parameters
    ----------
    beta
        How much recall counts against precision; 0 or more.
    cm
        A confusion matrix to share with other metrics.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "FBeta"

    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            beta=beta,
            cm=cm,
            pos_val=pos_val,
        )


@mixed
class MacroPrecision(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean precision over the classes.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MacroPrecision"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MicroPrecision(_kinds.Metric, metrics_base.MultiClassMetric):
    """The precision of all classes together.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MicroPrecision"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class WeightedPrecision(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean precision over the classes, by their share.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "WeightedPrecision"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MacroRecall(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean recall over the classes.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MacroRecall"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MicroRecall(_kinds.Metric, metrics_base.MultiClassMetric):
    """The recall of all classes together.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MicroRecall"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class WeightedRecall(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean recall over the classes, by their share.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "WeightedRecall"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MacroF1(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean F1 over the classes.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MacroF1"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MicroF1(_kinds.Metric, metrics_base.MultiClassMetric):
    """The F1 of all classes together.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MicroF1"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class WeightedF1(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean F1 over the classes, by their share.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "WeightedF1"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MacroJaccard(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean Jaccard index over the classes.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MacroJaccard"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MicroJaccard(_kinds.Metric, metrics_base.MultiClassMetric):
    """The Jaccard index of all classes together.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MicroJaccard"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class WeightedJaccard(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean Jaccard index over the classes, by their share.

    Parameters
    ----------
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "WeightedJaccard"

    def __init__(
        self,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            cm=cm,
        )


@mixed
class MacroFBeta(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean F-beta over the classes.

    Parameters
    ----------
    beta
        How much recall counts against precision; 0 or more.
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MacroFBeta"

    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            beta=beta,
            cm=cm,
        )


@mixed
class MicroFBeta(_kinds.Metric, metrics_base.MultiClassMetric):
    """The F-beta of all classes together.

    Parameters
    ----------
    beta
        How much recall counts against precision; 0 or more.
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "MicroFBeta"

    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            beta=beta,
            cm=cm,
        )


@mixed
class WeightedFBeta(_kinds.Metric, metrics_base.MultiClassMetric):
    """The mean F-beta over the classes, by their share.

    Parameters
    ----------
    beta
        How much recall counts against precision; 0 or more.
    cm
        A confusion matrix to share with other metrics.

    """

    _entry = "WeightedFBeta"

    def __init__(
        self,
        beta: float,
        cm: metrics_base.ClassificationMetric | None = None,
    ) -> None:
        self._start(
            beta=beta,
            cm=cm,
        )


@mixed
class LogLoss(_kinds.Metric, metrics_base.MeanMetric, metrics_base.BinaryMetric):
    """The mean surprise of the truth about one class, in nats.

    Parameters
    ----------
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "LogLoss"

    def __init__(
        self,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            pos_val=pos_val,
        )


@mixed
class CrossEntropy(_kinds.Metric, metrics_base.MeanMetric, metrics_base.MultiClassMetric):
    """The mean surprise of the true class, in nats.

    """

    _entry = "CrossEntropy"

    def __init__(self) -> None:
        self._start()


@mixed
class ROCAUC(_kinds.Metric, metrics_base.BinaryMetric):
    """The area under the ROC curve, from a fixed number of thresholds.

    Parameters
    ----------
    n_thresholds
        How many points of the curve are kept; at least 2.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "ROCAUC"

    def __init__(
        self,
        n_thresholds: int = 10,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            n_thresholds=n_thresholds,
            pos_val=pos_val,
        )


@mixed
class RollingROCAUC(_kinds.Metric, metrics_base.BinaryMetric):
    """The exact area under the ROC curve over the last 1,000 events.

    Parameters
    ----------
    window_size
        How many events the window holds.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "RollingROCAUC"

    def __init__(
        self,
        window_size: int = 1000,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            window_size=window_size,
            pos_val=pos_val,
        )


@mixed
class ExactROCAUC(_kinds.Metric, metrics_base.BinaryMetric):
    """The exact area under the ROC curve over the last 10,000 events.

    Parameters
    ----------
    window_size
        How many events the window holds.
    pos_val
        The class that counts as positive: true, false, an integer or a string.

    """

    _entry = "ExactROCAUC"

    def __init__(
        self,
        window_size: int = 10000,
        pos_val: bool | int | str = True,
    ) -> None:
        self._start(
            window_size=window_size,
            pos_val=pos_val,
        )


@mixed
class MAE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    """The mean absolute error.

    """

    _entry = "MAE"

    def __init__(self) -> None:
        self._start()


@mixed
class MSE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    """The mean squared error.

    """

    _entry = "MSE"

    def __init__(self) -> None:
        self._start()


@mixed
class RMSE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    """The root of the mean squared error.

    """

    _entry = "RMSE"

    def __init__(self) -> None:
        self._start()


@mixed
class RMSLE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    """The root of the mean squared error of logarithms.

    """

    _entry = "RMSLE"

    def __init__(self) -> None:
        self._start()


@mixed
class MAPE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    """The mean absolute error in percent of the true value.

    """

    _entry = "MAPE"

    def __init__(self) -> None:
        self._start()


@mixed
class SMAPE(_kinds.Metric, metrics_base.MeanMetric, metrics_base.RegressionMetric):
    """The mean absolute error in percent of the mean of true and predicted value.

    """

    _entry = "SMAPE"

    def __init__(self) -> None:
        self._start()


@mixed
class R2(_kinds.Metric, metrics_base.RegressionMetric):
    """The share of the target's variance that the predictions explain.

    """

    _entry = "R2"

    def __init__(self) -> None:
        self._start()
