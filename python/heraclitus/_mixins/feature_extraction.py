"""Additions to what makes features."""

from __future__ import annotations

import collections
import functools
import math
import re
import typing
import unicodedata

from .. import _frames, _kinds

_PATTERN = r"(?u)\b\w[\w\-]+\b"


def _text_tags(self: typing.Any) -> set[str]:
    from ..base import tags

    return {tags.TEXT_INPUT} if self.on is None else set()


def _start(self: typing.Any, **params: typing.Any) -> None:
    """Terms that a function or another pattern makes are made, and counted, in Python."""
    ours = (
        params["preprocessor"] is None
        and not params["tokenizer"]
        and params["tokenizer_pattern"] == _PATTERN
    )
    if ours:
        _kinds.Transformer._start(self, **params)
        return
    self.__dict__.update(params, _names=tuple(params), _dfs=collections.Counter(), _n=0)


def _spec_params(self: typing.Any) -> dict[str, typing.Any]:
    params = _kinds.Transformer._spec_params(self)
    if not self.tokenizer:
        params.pop("tokenizer", None)
    if "normalize" in params:
        params["normalize"] = bool(self.normalize)
    return params


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _tokens(text: str, pattern: str) -> list[str]:
    return [match[1] if match.lastindex else match[0] for match in re.finditer(pattern, text)]


def _without(tokens: typing.Iterable[str], stops: frozenset[str]) -> list[str]:
    return [token for token in tokens if token not in stops]


def _ngrams(tokens: typing.Iterable[str], lengths: range) -> list[typing.Any]:
    tokens = list(tokens)
    return [
        tokens[i] if n == 1 else tuple(tokens[i : i + n])
        for n in lengths
        for i in range(len(tokens) - n + 1)
    ]


def _steps(self: typing.Any) -> list[typing.Callable[[typing.Any], typing.Any]]:
    """What a text goes through on its way to terms."""
    steps: list[typing.Callable[[typing.Any], typing.Any]] = []
    if self.on is not None:
        steps.append(lambda x: x[self.on])
    if self.preprocessor:
        steps.append(self.preprocessor)
    else:
        steps += [_without_accents] if self.strip_accents else []
        steps += [str.lower] if self.lowercase else []
    steps.append(self.tokenizer or functools.partial(_tokens, pattern=self.tokenizer_pattern))
    if self.stop_words:
        steps.append(functools.partial(_without, stops=frozenset(self.stop_words)))
    least, most = self.ngram_range
    if most > 1:
        steps.append(functools.partial(_ngrams, lengths=range(least, most + 1)))
    return steps


def _process_text(self: typing.Any, x: typing.Any) -> typing.Iterable[typing.Any]:
    """The terms of a text, in their order."""
    for step in _steps(self):
        x = step(x)
    return x


def _terms(self: typing.Any, values: dict[str, typing.Any]) -> dict[typing.Any, typing.Any]:
    """Values by term, where a term of several tokens is a tuple."""
    if self.ngram_range[1] == 1:
        return values
    return {tuple(t.split(" ")) if " " in t else t: v for t, v in values.items()}


def _documents(self: typing.Any, X: typing.Any) -> list[typing.Any]:
    if self.on is None or _frames.is_column(X):
        return _frames.rows(X)
    texts = _frames.as_list(_frames.into_frame(X)[self.on])
    return [{self.on: text} for text in texts]


def _transform_many(self: typing.Any, X: typing.Any) -> typing.Any:
    """Transform a column of texts, or the column `on` of a frame.

    Parameters
    ----------
    X
        The texts.

    Returns
    -------
    A frame of the same library with a column a term, sparse where it is one of pandas.

    """
    from scipy import sparse

    from ..utils import dataframe

    places: dict[typing.Any, int] = {}
    values, columns, ends = [], [], [0]
    for x in _documents(self, X):
        for term, value in self.transform_one(x).items():
            columns.append(places.setdefault(term, len(places)))
            values.append(value)
        ends.append(len(values))
    shape = (len(ends) - 1, len(places))
    matrix = sparse.csr_matrix((values, columns, ends), shape=shape)
    like = dataframe.into_series(X) if _frames.is_column(X) else dataframe.into_frame(X)
    return dataframe.sparse_to_native_frame(matrix, columns=places, like=like)


class BagOfWords:
    _more_tags = _text_tags
    _start = _start
    _spec_params = _spec_params
    process_text = _process_text
    processing_steps = property(_steps)
    transform_many = _transform_many

    def learn_one(self: typing.Any, x: typing.Any) -> None:
        """Nothing is learned."""

    def transform_one(self: typing.Any, x: typing.Any) -> dict[typing.Any, int]:
        """How often each term comes in a text."""
        if self._is_built():
            return _terms(self, self._transform_whole(x))
        return dict(collections.Counter(self.process_text(x)))

    def learn_many(self: typing.Any, X: typing.Any) -> None:
        """Nothing is learned."""


class PolynomialExtender:
    def transform_one(self: typing.Any, x: typing.Any) -> dict[typing.Any, typing.Any]:
        """Transform a set of features `x`: products of whole numbers are whole numbers."""
        if isinstance(x, dict) and all(type(v) is int for v in x.values()):
            return self._transform_whole(x)
        return _kinds.Transformer.transform_one(self, x)


class TFIDF:
    _more_tags = _text_tags
    _start = _start
    _spec_params = _spec_params
    process_text = _process_text
    processing_steps = property(_steps)
    transform_many = _transform_many

    @property
    def n(self: typing.Any) -> int:
        """How many texts were learned."""
        return self._attribute("n") if self._is_built() else self.__dict__["_n"]

    @property
    def dfs(self: typing.Any) -> collections.Counter:
        """In how many texts each term came."""
        if not self._is_built():
            return self.__dict__["_dfs"]
        counts = _terms(self, self._attribute("dfs"))
        return collections.Counter({term: int(n) for term, n in counts.items()})

    def learn_one(self: typing.Any, x: typing.Any) -> None:
        """Count the terms of a text."""
        if self._is_built():
            _kinds.Transformer.learn_one(self, x)
            return
        self.__dict__["_dfs"].update(set(self.process_text(x)))
        self.__dict__["_n"] += 1

    def transform_one(self: typing.Any, x: typing.Any) -> dict[typing.Any, float]:
        """The weight of each term in a text."""
        if self._is_built():
            return _terms(self, _kinds.Transformer.transform_one(self, x))
        counts = collections.Counter(self.process_text(x))
        total = sum(counts.values())
        dfs, texts = self.__dict__["_dfs"], 1 + self.__dict__["_n"]
        weights = {
            term: count / total * (math.log(texts / (1 + dfs[term])) + 1)
            for term, count in counts.items()
        }
        if not self.normalize:
            return weights
        length = math.sqrt(sum(weight**2 for weight in weights.values()))
        return {term: weight / length for term, weight in weights.items()}

    def learn_many(self: typing.Any, X: typing.Any) -> None:
        """Count the terms of a column of texts, or of the column `on` of a frame."""
        for x in _documents(self, X):
            self.learn_one(x)
