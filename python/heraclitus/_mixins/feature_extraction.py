"""Additions to what makes features."""

from __future__ import annotations

import typing


def _text_tags(self: typing.Any) -> set[str]:
    from ..base import tags

    return {tags.TEXT_INPUT} if self.on is None else set()


class BagOfWords:
    _more_tags = _text_tags


class TFIDF:
    _more_tags = _text_tags
