"""River's `ensemble`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "BaggingClassifier",
    "BaggingRegressor",
]


@mixed
class BaggingClassifier(_kinds.Classifier, base.WrapperEnsemble, base.Classifier):
    """Classifiers that each learn an event as often as chance will.

    Parameters
    ----------
    model
        The classifier to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "BaggingClassifier"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
        )


@mixed
class BaggingRegressor(_kinds.Regressor, base.WrapperEnsemble, base.Regressor):
    """Regressors that each learn an event as often as chance will.

    Parameters
    ----------
    model
        The regressor to make members of; any spec, pipelines too.
    n_models
        How many members, 1 to 1,000.
    seed
        Fixes how often the members learn; as 0 when left out.

    """

    _entry = "BaggingRegressor"

    def __init__(
        self,
        model: base.Base | None,
        n_models: int = 10,
        seed: int | None = None,
    ) -> None:
        self._start(
            model=model,
            n_models=n_models,
            seed=seed,
        )
