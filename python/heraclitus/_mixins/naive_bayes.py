"""Additions to naive Bayes."""

from __future__ import annotations

import collections
import math
import typing


def _positive(self: object) -> set[str]:
    from ..base import tags

    return {tags.POSITIVE_INPUT}


def _class_counts(self: typing.Any) -> collections.Counter:
    """How often each class came."""
    return collections.Counter(self._attribute("class_counts"))


def _class_totals(self: typing.Any) -> collections.Counter:
    """How much of all terms came with each class."""
    return collections.Counter(self._attribute("class_totals"))


def _feature_totals(self: typing.Any) -> collections.Counter:
    """How much of each term came."""
    return collections.Counter(self._attribute("feature_totals"))


def _feature_counts(self: typing.Any) -> collections.defaultdict:
    """How often each term came with each class."""
    counts = self._attribute("feature_counts")
    return collections.defaultdict(
        collections.Counter, {term: collections.Counter(of) for term, of in counts.items()}
    )


def _p_class(self: typing.Any, c: typing.Any) -> float:
    """The share of a class in the events so far."""
    counts = self.class_counts
    return counts[c] / sum(counts.values())


def _p_class_many(self: typing.Any) -> typing.Any:
    """The share of each class in the events so far, as a frame of pandas."""
    import pandas as pd

    counts = self.class_counts
    total = sum(counts.values())
    return pd.DataFrame({c: [n / total] for c, n in counts.items()}, dtype="float32")


def _jll(self: typing.Any, x: typing.Any) -> dict[typing.Any, float]:
    """The logarithm of each class's probability, but for a sum that all classes share."""
    proba = self.predict_proba_one(x)
    return {c: math.log(p) if p > 0 else -math.inf for c, p in proba.items()}


class MultinomialNB:
    _more_tags = _positive
    class_counts = property(_class_counts)
    class_totals = property(_class_totals)
    feature_counts = property(_feature_counts)
    p_class = _p_class
    p_class_many = _p_class_many
    joint_log_likelihood = _jll

    @property
    def classes_(self) -> list[typing.Any]:
        """The classes so far."""
        return list(self.class_counts)

    def p_feature_given_class(self, f: typing.Any, c: typing.Any) -> float:
        """The share of a term in those of a class, smoothed."""
        n = self.feature_counts.get(f, {}).get(c, 0.0) + self.alpha
        return n / (self.class_totals[c] + self.alpha * self.n_terms)


class ComplementNB:
    _more_tags = _positive
    class_counts = property(_class_counts)
    class_totals = property(_class_totals)
    feature_totals = property(_feature_totals)
    feature_counts = property(_feature_counts)
    p_class = _p_class
    p_class_many = _p_class_many
    joint_log_likelihood = _jll


class BernoulliNB:
    class_counts = property(_class_counts)
    feature_counts = property(_feature_counts)
    p_class = _p_class
    p_class_many = _p_class_many
    joint_log_likelihood = _jll

    def p_feature_given_class(self, f: typing.Any, c: typing.Any) -> float:
        """The share of a class's events that have a term, smoothed."""
        n = self.feature_counts.get(f, {}).get(c, 0.0) + self.alpha
        return n / (self.class_counts[c] + self.alpha * 2)


class GaussianNB:
    class_counts = property(_class_counts)
    p_class = _p_class
    joint_log_likelihood = _jll

    @property
    def gaussians(self) -> dict[typing.Any, dict[typing.Any, typing.Any]]:
        """The normal distribution of each feature, by class."""
        from ..proba import Gaussian

        return {
            c: {
                f: Gaussian._from_state(n, mean, squares / (n - 1) if n > 1 else 0.0)
                for f, (n, mean, squares) in of.items()
            }
            for c, of in self._attribute("gaussians").items()
        }
