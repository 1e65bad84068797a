"""River's `tree`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "HoeffdingTreeClassifier",
]


@mixed
class HoeffdingTreeClassifier(_kinds.Classifier, base.Classifier):
    """A decision tree that splits a leaf once its events have shown how.

    Parameters
    ----------
    grace_period
        How much weight a leaf takes between two looks for a split.
    max_depth
        How deep the tree may become, 1,000 when left out.
    split_criterion
        How a split is measured: `gini`, `info_gain` or `hellinger` (two classes).
    delta
        The probability that a split is not the best one, above 0 and below 1.
    tau
        Below this bound the best split is taken although another one is close.
    leaf_prediction
        How leaves predict: `mc` by the shares of their classes, `nb` by naive Bayes, `nba` by
        the one that was right more often.
    nb_threshold
        The weight from which on a leaf of `nb` uses naive Bayes.
    nominal_attributes
        Names of numbers that are values to be told apart, not quantities.
    splitter
        How numbers are split: `GaussianSplitter`, with how many thresholds it tries.
    binary_split
        Whether nominal features part in two only.
    min_branch_fraction
        The share of the weight that two parts of a split at least must have.
    max_share_to_split
        A leaf whose heaviest class has a larger share looks for no split.
    max_size
        Memory that the tree may take, in MiB.
    memory_estimate_period
        After how much weight the memory is looked at.
    stop_mem_management
        Whether to stop growing when memory runs out; else leaves of little promise rest.
    remove_poor_attrs
        Whether features that are far behind are left out of a leaf (of `mc`).
    merit_preprune
        Whether not to split is one of the choices.

    """

    _entry = "HoeffdingTreeClassifier"

    def __init__(
        self,
        grace_period: int = 200,
        max_depth: int | None = None,
        split_criterion: typing.Any = "info_gain",
        delta: float = 1e-7,
        tau: float = 0.05,
        leaf_prediction: typing.Any = "nba",
        nb_threshold: int = 0,
        nominal_attributes: typing.Iterable[typing.Any] | None = None,
        splitter: typing.Any = None,
        binary_split: bool = False,
        min_branch_fraction: float = 0.01,
        max_share_to_split: float = 0.99,
        max_size: float = 100.0,
        memory_estimate_period: int = 1000000,
        stop_mem_management: bool = False,
        remove_poor_attrs: bool = False,
        merit_preprune: bool = True,
    ) -> None:
        self._start(
            grace_period=grace_period,
            max_depth=max_depth,
            split_criterion=split_criterion,
            delta=delta,
            tau=tau,
            leaf_prediction=leaf_prediction,
            nb_threshold=nb_threshold,
            nominal_attributes=nominal_attributes,
            splitter=splitter,
            binary_split=binary_split,
            min_branch_fraction=min_branch_fraction,
            max_share_to_split=max_share_to_split,
            max_size=max_size,
            memory_estimate_period=memory_estimate_period,
            stop_mem_management=stop_mem_management,
            remove_poor_attrs=remove_poor_attrs,
            merit_preprune=merit_preprune,
        )
