"""How leaves summarise the numbers of a feature, to find where it is best split.

A splitter is a choice with parameters: what it watches is in the tree, in the native core.
`is_target_class` says whether it is for classes; the others are for numbers as targets.
"""

from __future__ import annotations

from ..optim.base import Named

__all__ = [
    "EBSTSplitter",
    "ExhaustiveSplitter",
    "GaussianSplitter",
    "HistogramSplitter",
    "QOSplitter",
    "Splitter",
    "TEBSTSplitter",
]


class Splitter(Named):
    """What leaves keep of the values of a number."""

    @property
    def is_numeric(self) -> bool:
        """Whether it is for numbers: texts need no choice."""
        return True

    @property
    def is_target_class(self) -> bool:
        """Whether it is for classes."""
        return True


class GaussianSplitter(Splitter):
    """A normal distribution for each class.

    Parameters
    ----------
    n_splits
        How many places between the smallest and the largest value are looked at.

    """

    def __init__(self, n_splits: int = 10) -> None:
        self.n_splits = n_splits


class HistogramSplitter(Splitter):
    """A histogram for each class.

    Parameters
    ----------
    n_bins
        How many bins a histogram may have.
    n_splits
        How many places between the smallest and the largest value are looked at.

    """

    def __init__(self, n_bins: int = 256, n_splits: int = 32) -> None:
        self.n_bins = n_bins
        self.n_splits = n_splits


class ExhaustiveSplitter(Splitter):
    """Every value, with the classes it came with."""


class EBSTSplitter(Splitter):
    """Every value, with the mean and variance of the target."""

    @property
    def is_target_class(self) -> bool:
        """False: it is for numbers as targets."""
        return False


class TEBSTSplitter(EBSTSplitter):
    """Every value after rounding, with the mean and variance of the target.

    Parameters
    ----------
    digits
        How many decimals are kept.

    """

    def __init__(self, digits: int = 1) -> None:
        self.digits = digits


class QOSplitter(Splitter):
    """Slots of equal width, with the mean and variance of the target.

    Parameters
    ----------
    radius
        The width of a slot.
    allow_multiway_splits
        Whether a split may have a child for each slot.

    """

    def __init__(self, radius: float = 0.25, allow_multiway_splits: bool = False) -> None:
        if radius <= 0:
            raise ValueError(f"radius must be above 0, got {radius}")
        self.radius = radius
        self.allow_multiway_splits = allow_multiway_splits

    @property
    def is_target_class(self) -> bool:
        """False: it is for numbers as targets."""
        return False
