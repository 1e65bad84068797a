"""How good a model is on a stream: it predicts each event before it learns from it.

`progressive_val_score` gives the figure, `iter_progressive_val_score` its course, and a track runs
several streams and metrics.
"""

from .forecasting import evaluate, iter_evaluate
from .progressive_validation import iter_progressive_val_score, progressive_val_score
from .tracks import (
    BinaryClassificationTrack,
    ForecastingTrack,
    MultiClassClassificationTrack,
    RegressionTrack,
    Track,
)

__all__ = [
    "BinaryClassificationTrack",
    "ForecastingTrack",
    "MultiClassClassificationTrack",
    "RegressionTrack",
    "Track",
    "evaluate",
    "iter_evaluate",
    "iter_progressive_val_score",
    "progressive_val_score",
]
