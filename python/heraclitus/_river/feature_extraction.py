"""Words and products of features."""

from __future__ import annotations

import collections
import typing

from . import _wire as w
from ._states import State, named, stateless

stateless("BagOfWords", "PolynomialExtender")


@named("TFIDF")
class _Tfidf(State):
    layout = w.Row(dfs=w.ByFeature(w.WHOLE, 0), n=w.WHOLE)

    def read(self, model: typing.Any) -> dict:
        return {"dfs": model.dfs, "n": model.n}

    def write(self, model: typing.Any, state: dict) -> None:
        longest = model.ngram_range[-1] if not isinstance(model.ngram_range, range) else 2
        dfs = {_term(term) if longest > 1 else term: n for term, n in state["dfs"].items()}
        model.dfs, model.n = collections.Counter(dfs), state["n"]


def _term(term: typing.Any) -> typing.Any:
    """Words in a row as River has them: a tuple."""
    words = tuple(term.split(" ")) if isinstance(term, str) else term
    return words if len(words) > 1 else words[0]
