"""What can't be taken along, and why: a test holds this table against the catalogue."""

from __future__ import annotations

_RUST = "River keeps it where Python can't read it"
_LATER = "there is no map of it yet"
_OURS = "River has no such estimator"

REASONS = {
    "AdaptiveStandardScaler": _RUST,
    "BayesianLinearRegression": _LATER,
    "BayesianLogisticRegression": _OURS,
    "EWMean": _RUST,
    "EWVar": _RUST,
    "ExactROCAUC": _LATER,
    "IQR": _RUST,
    "Kurtosis": _RUST,
    "MAD": _RUST,
    "Mode": _LATER,
    "PeakToPeak": _RUST,
    "Quantile": _RUST,
    "RobustScaler": _RUST,
    "RollingAbsMax": _LATER,
    "RollingIQR": _RUST,
    "RollingMax": _LATER,
    "RollingMin": _LATER,
    "RollingMode": _LATER,
    "RollingPeakToPeak": _LATER,
    "RollingQuantile": _RUST,
    "RollingROCAUC": _RUST,
    "Shift": _LATER,
    "Skew": _RUST,
}


def why(name: str) -> str:
    """Why something can't be taken along."""
    return REASONS.get(name, _LATER)
