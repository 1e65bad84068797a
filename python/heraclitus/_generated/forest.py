"""River's `forest`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "AMFClassifier",
    "AMFRegressor",
]


@mixed
class AMFClassifier(_kinds.Classifier, base.Ensemble, base.Classifier):
    """Trees that grow at random times and weigh their nodes by how well they predicted.

    Parameters
    ----------
    n_estimators
        How many trees, 1 to 1,000.
    step
        How fast the weight of a node falls with its log-loss, 0 to 1,000.
    use_aggregation
        Mixes all nodes on an event's way; without, its leaf alone predicts.
    dirichlet
        What a class has before it was met, above 0 to 1,000; 1 / classes is a good choice.
    split_pure
        Splits nodes that have met one class only, too.
    max_nodes
        A tree of this many nodes splits no more, 1 to 10,000,000; 65,536 when left out.
    seed
        Fixes the trees; as 0 when left out.

    """

    _entry = "AMFClassifier"

    def __init__(
        self,
        n_estimators: int = 10,
        step: float = 1.0,
        use_aggregation: bool = True,
        dirichlet: float = 0.5,
        split_pure: bool = False,
        max_nodes: int | None = None,
        seed: int | None = None,
    ) -> None:
        self._start(
            n_estimators=n_estimators,
            step=step,
            use_aggregation=use_aggregation,
            dirichlet=dirichlet,
            split_pure=split_pure,
            max_nodes=max_nodes,
            seed=seed,
        )


@mixed
class AMFRegressor(_kinds.Regressor, base.Ensemble, base.Regressor):
    """Trees that grow at random times and weigh their nodes by how well they predicted.

    Parameters
    ----------
    n_estimators
        How many trees, 1 to 1,000.
    step
        How fast the weight of a node falls with its squared errors, 0 to 1,000.
    use_aggregation
        Mixes all nodes on an event's way; without, its leaf alone predicts.
    max_nodes
        A tree of this many nodes splits no more, 1 to 10,000,000; 65,536 when left out.
    seed
        Fixes the trees; as 0 when left out.

    """

    _entry = "AMFRegressor"

    def __init__(
        self,
        n_estimators: int = 10,
        step: float = 1.0,
        use_aggregation: bool = True,
        max_nodes: int | None = None,
        seed: int | None = None,
    ) -> None:
        self._start(
            n_estimators=n_estimators,
            step=step,
            use_aggregation=use_aggregation,
            max_nodes=max_nodes,
            seed=seed,
        )
