"""River's `naive_bayes`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "BernoulliNB",
    "ComplementNB",
    "GaussianNB",
    "MultinomialNB",
]


@mixed
class GaussianNB(_kinds.Classifier, base.Classifier):
    """Naive Bayes for numbers, a normal distribution per class and feature.

    """

    _entry = "GaussianNB"

    def __init__(self) -> None:
        self._start()


@mixed
class MultinomialNB(_kinds.Classifier, base.Classifier):
    """Naive Bayes for counts, such as those of words.

    Parameters
    ----------
    alpha
        What is added to every count, 0 or more; 0 makes terms that are new to a class
        impossible in it.

    """

    _entry = "MultinomialNB"

    def __init__(
        self,
        alpha: float = 1.0,
    ) -> None:
        self._start(
            alpha=alpha,
        )


@mixed
class ComplementNB(_kinds.Classifier, base.Classifier):
    """Naive Bayes for counts, by how ill the other classes fit.

    Parameters
    ----------
    alpha
        What is added to every count, 0 or more; 0 makes terms that came with one class only
        certain of it.

    """

    _entry = "ComplementNB"

    def __init__(
        self,
        alpha: float = 1.0,
    ) -> None:
        self._start(
            alpha=alpha,
        )


@mixed
class BernoulliNB(_kinds.Classifier, base.Classifier):
    """Naive Bayes for what is there and what is not.

    Parameters
    ----------
    alpha
        What is added to every count, 0 or more.
    true_threshold
        A term is there when its value is larger than this.

    """

    _entry = "BernoulliNB"

    def __init__(
        self,
        alpha: float = 1.0,
        true_threshold: float = 0.0,
    ) -> None:
        self._start(
            alpha=alpha,
            true_threshold=true_threshold,
        )
