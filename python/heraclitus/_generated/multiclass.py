"""River's `multiclass`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "OneVsOneClassifier",
    "OneVsRestClassifier",
]


@mixed
class OneVsRestClassifier(_kinds.Classifier, base.Wrapper, base.Classifier):
    """One binary classifier per class, each against all others.

    Parameters
    ----------
    classifier
        The binary classifier. One of many classes works too.

    """

    _entry = "OneVsRestClassifier"

    def __init__(
        self,
        classifier: base.Base | None,
    ) -> None:
        self._start(
            classifier=classifier,
        )


@mixed
class OneVsOneClassifier(_kinds.Classifier, base.Wrapper, base.Classifier):
    """One binary classifier per pair of classes, which vote.

    Parameters
    ----------
    classifier
        The binary classifier. One of many classes works too.

    """

    _entry = "OneVsOneClassifier"

    def __init__(
        self,
        classifier: base.Base | None,
    ) -> None:
        self._start(
            classifier=classifier,
        )
