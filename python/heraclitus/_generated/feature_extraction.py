"""River's `feature_extraction`. Generated from the catalogue: `cargo xtask generate`."""

from __future__ import annotations

import typing

from .. import _kinds, base
from .._mixins import mixed

if typing.TYPE_CHECKING:
    from .. import optim

__all__ = [
    "BagOfWords",
    "PolynomialExtender",
    "TFIDF",
]


@mixed
class BagOfWords(_kinds.Transformer, base.Transformer):
    """How often each word of a text occurs.

    Parameters
    ----------
    on
        The name of the text; null reads all texts of the event.
    strip_accents
        Whether `é` counts as `e`, and so on.
    lowercase
        Whether capitals count as small letters.
    preprocessor
        Must be null: in River a Python function.
    stop_words
        Tokens to leave out, as they are after the steps above.
    tokenizer_pattern
        Must be River's default.
    tokenizer
        Must be null: in River a Python function.
    ngram_range
        The least and the largest number of tokens in a term, 1 to 8.

    """

    _entry = "BagOfWords"

    def __init__(
        self,
        on: str | None = None,
        strip_accents: bool = True,
        lowercase: bool = True,
        preprocessor: typing.Any = None,
        stop_words: typing.Iterable[typing.Any] | None = None,
        tokenizer_pattern: str = "(?u)\\b\\w[\\w\\-]+\\b",
        tokenizer: typing.Any = None,
        ngram_range: typing.Any = (1, 1),
    ) -> None:
        self._start(
            on=on,
            strip_accents=strip_accents,
            lowercase=lowercase,
            preprocessor=preprocessor,
            stop_words=stop_words,
            tokenizer_pattern=tokenizer_pattern,
            tokenizer=tokenizer,
            ngram_range=ngram_range,
        )


@mixed
class TFIDF(_kinds.Transformer, base.Transformer):
    """Words weighed by how rare they are among the texts so far.

    Parameters
    ----------
    normalize
        Whether to divide by the Euclidean length of the event's values.
    on
        The name of the text; null reads all texts of the event.
    strip_accents
        Whether `é` counts as `e`, and so on.
    lowercase
        Whether capitals count as small letters.
    preprocessor
        Must be null: in River a Python function.
    stop_words
        Tokens to leave out, as they are after the steps above.
    tokenizer_pattern
        Must be River's default.
    tokenizer
        Must be null: in River a Python function.
    ngram_range
        The least and the largest number of tokens in a term, 1 to 8.

    """

    _entry = "TFIDF"

    def __init__(
        self,
        normalize: bool = True,
        on: str | None = None,
        strip_accents: bool = True,
        lowercase: bool = True,
        preprocessor: typing.Any = None,
        stop_words: typing.Iterable[typing.Any] | None = None,
        tokenizer_pattern: str = "(?u)\\b\\w[\\w\\-]+\\b",
        tokenizer: typing.Any = None,
        ngram_range: typing.Any = (1, 1),
    ) -> None:
        self._start(
            normalize=normalize,
            on=on,
            strip_accents=strip_accents,
            lowercase=lowercase,
            preprocessor=preprocessor,
            stop_words=stop_words,
            tokenizer_pattern=tokenizer_pattern,
            tokenizer=tokenizer,
            ngram_range=ngram_range,
        )


@mixed
class PolynomialExtender(_kinds.Transformer, base.Transformer):
    """Products of features.

    Parameters
    ----------
    degree
        The most factors of a product, 1 to 8.
    interaction_only
        Whether to leave out products in which a feature comes twice.
    include_bias
        Whether to add a feature that is always 1.
    bias_name
        The name of that feature.

    """

    _entry = "PolynomialExtender"

    def __init__(
        self,
        degree: int = 2,
        interaction_only: bool = False,
        include_bias: bool = False,
        bias_name: str = "bias",
    ) -> None:
        self._start(
            degree=degree,
            interaction_only=interaction_only,
            include_bias=include_bias,
            bias_name=bias_name,
        )
