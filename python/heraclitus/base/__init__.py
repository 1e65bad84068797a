"""The interfaces that estimators share, with River's names.

An estimator is a class that derives from one of these. Which one says what the estimator can do;
metrics, pipelines and evaluation ask for it with `isinstance`.
"""

from . import tags, typing
from .anomaly_detector import AnomalyDetector, AnomalyFilter, SupervisedAnomalyDetector
from .base import Base
from .classifier import Classifier, MiniBatchClassifier
from .clusterer import Clusterer
from .drift_detector import (
    BinaryDriftAndWarningDetector,
    BinaryDriftDetector,
    DriftAndWarningDetector,
    DriftDetector,
)
from .ensemble import Ensemble, WrapperEnsemble
from .estimator import Estimator
from .multi_output import MultiLabelClassifier, MultiTargetRegressor
from .regressor import MiniBatchRegressor, Regressor
from .transformer import (
    BaseTransformer,
    MiniBatchSupervisedTransformer,
    MiniBatchTransformer,
    SupervisedTransformer,
    Transformer,
)
from .wrapper import Wrapper

__all__ = [
    "AnomalyDetector",
    "AnomalyFilter",
    "Base",
    "BaseTransformer",
    "BinaryDriftAndWarningDetector",
    "BinaryDriftDetector",
    "Classifier",
    "Clusterer",
    "DriftAndWarningDetector",
    "DriftDetector",
    "Ensemble",
    "Estimator",
    "MiniBatchClassifier",
    "MiniBatchRegressor",
    "MiniBatchSupervisedTransformer",
    "MiniBatchTransformer",
    "MultiLabelClassifier",
    "MultiTargetRegressor",
    "Regressor",
    "SupervisedAnomalyDetector",
    "SupervisedTransformer",
    "Transformer",
    "Wrapper",
    "WrapperEnsemble",
    "tags",
    "typing",
]
