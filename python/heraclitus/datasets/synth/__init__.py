"""Streams that are made up, with the random numbers of River's generators."""

from .agrawal import Agrawal
from .concept_drift_stream import ConceptDriftStream
from .friedman import Friedman, FriedmanDrift
from .hyper_plane import Hyperplane
from .led import LED
from .planes_2d import Planes2D
from .sea import SEA
from .sine import Sine
from .stagger import STAGGER
from .waveform import Waveform

__all__ = [
    "LED",
    "SEA",
    "STAGGER",
    "Agrawal",
    "ConceptDriftStream",
    "Friedman",
    "FriedmanDrift",
    "Hyperplane",
    "Planes2D",
    "Sine",
    "Waveform",
]
