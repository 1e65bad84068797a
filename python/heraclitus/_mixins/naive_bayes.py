"""Additions to naive Bayes."""

from __future__ import annotations


def _counts(self: object) -> set[str]:
    from ..base import tags

    return {tags.POSITIVE_INPUT}


class MultinomialNB:
    _more_tags = _counts


class ComplementNB:
    _more_tags = _counts
