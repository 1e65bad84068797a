"""Running statistics."""

from __future__ import annotations

from . import base
from .base import Link
from .._generated.stats import *
from .._generated.stats import __all__ as _generated
from .auto_corr import AutoCorr
from .bayesian_mean import BayesianMean
from .chi_squared import ChiSquared
from .cov import Cov
from .entropy import Entropy
from .ewcov import EWCov
from .kolmogorov_smirnov import KolmogorovSmirnov
from .pearson import PearsonCorr

__all__ = [
    *_generated,
    "AutoCorr",
    "BayesianMean",
    "ChiSquared",
    "Cov",
    "EWCov",
    "Entropy",
    "KolmogorovSmirnov",
    "Link",
    "PearsonCorr",
    "base",
]
