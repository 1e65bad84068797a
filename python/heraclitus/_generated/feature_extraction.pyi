import typing

from .. import _kinds, base, optim

class BagOfWords(_kinds.Transformer, base.Transformer):
    on: str | None
    strip_accents: bool
    lowercase: bool
    preprocessor: typing.Any
    stop_words: typing.Iterable[typing.Any] | None
    tokenizer_pattern: str
    tokenizer: typing.Any
    ngram_range: typing.Any
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
    ) -> None: ...

class TFIDF(_kinds.Transformer, base.Transformer):
    normalize: bool
    on: str | None
    strip_accents: bool
    lowercase: bool
    preprocessor: typing.Any
    stop_words: typing.Iterable[typing.Any] | None
    tokenizer_pattern: str
    tokenizer: typing.Any
    ngram_range: typing.Any
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
    ) -> None: ...

class PolynomialExtender(_kinds.Transformer, base.Transformer):
    degree: int
    interaction_only: bool
    include_bias: bool
    bias_name: str
    def __init__(
        self,
        degree: int = 2,
        interaction_only: bool = False,
        include_bias: bool = False,
        bias_name: str = "bias",
    ) -> None: ...
