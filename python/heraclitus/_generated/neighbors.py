"""River's `neighbors`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "KNNClassifier",
    "KNNRegressor",
]


@mixed
class KNNClassifier(_kinds.Classifier, base.Classifier):
    """The classes of the nearest events, among the last that came.

    Parameters
    ----------
    n_neighbors
        How many neighbors vote, 1 to 1,000.
    engine
        How events are kept and searched: `SWINN` or `LazySearch`, with parameters.
    weighted
        A vote counts `1 / distance`; else 1.
    cleanup_every
        After how many events classes that left the window are dropped; never when 0.
    softmax
        Votes go through a softmax; else they are divided by their sum.

    """

    _entry = "KNNClassifier"

    def __init__(
        self,
        n_neighbors: int = 5,
        engine: typing.Any = None,
        weighted: bool = True,
        cleanup_every: int = 0,
        softmax: bool = False,
    ) -> None:
        self._start(
            n_neighbors=n_neighbors,
            engine=engine,
            weighted=weighted,
            cleanup_every=cleanup_every,
            softmax=softmax,
        )


@mixed
class KNNRegressor(_kinds.Regressor, base.Regressor):
    """The targets of the nearest events, among the last that came.

    Parameters
    ----------
    n_neighbors
        How many neighbors are averaged, 1 to 1,000.
    engine
        How events are kept and searched: `SWINN` or `LazySearch`, with parameters.
    aggregation_method
        `mean`, `median` or `weighted_mean`.

    """

    _entry = "KNNRegressor"

    def __init__(
        self,
        n_neighbors: int = 5,
        engine: typing.Any = None,
        aggregation_method: typing.Any = "mean",
    ) -> None:
        self._start(
            n_neighbors=n_neighbors,
            engine=engine,
            aggregation_method=aggregation_method,
        )
