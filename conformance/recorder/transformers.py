"""Transformers on our own rows, which may be written down whole: input, and output before and
after the transformer has learned from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .build import build
from .streams import categories, numeric, rows, texts, with_missing


class Case(NamedTuple):
    name: str
    source: Callable[[int], Iterator[dict[str, Any]]]
    spec: Any


ROWS = 40
SCALERS: dict[str, Any] = {
    "standard-scaler": "StandardScaler",
    "standard-scaler-no-std": {"StandardScaler": {"with_std": False}},
    "standard-scaler-window": {"StandardScaler": {"window_size": 7}},
    "min-max-scaler": "MinMaxScaler",
    "min-max-scaler-window": {"MinMaxScaler": {"window_size": 7}},
    "max-abs-scaler": "MaxAbsScaler",
    "max-abs-scaler-window": {"MaxAbsScaler": {"window_size": 7}},
    "robust-scaler": "RobustScaler",
    "robust-scaler-no-centering": {"RobustScaler": {"with_centering": False}},
    "robust-scaler-no-scaling": {"RobustScaler": {"with_scaling": False}},
    "robust-scaler-wide": {"RobustScaler": {"q_inf": 0.05, "q_sup": 0.95}},
    "normalizer": "Normalizer",
    "normalizer-1": {"Normalizer": {"order": 1}},
    "normalizer-3": {"Normalizer": {"order": 3}},
    "binarizer": "Binarizer",
    "binarizer-int": {"Binarizer": {"threshold": 1.5, "dtype": "int"}},
    "polynomial-extender": "PolynomialExtender",
    "polynomial-extender-3": {"PolynomialExtender": {"degree": 3, "include_bias": True}},
    "polynomial-extender-interactions": {
        "PolynomialExtender": {"degree": 3, "interaction_only": True, "bias_name": "one",
                               "include_bias": True}
    },
}
ENCODERS: dict[str, Any] = {
    "one-hot-encoder": "OneHotEncoder",
    "one-hot-encoder-drop-zeros": {"OneHotEncoder": {"drop_zeros": True}},
    "one-hot-encoder-drop-first": {"OneHotEncoder": {"drop_first": True}},
    "one-hot-encoder-categories": {
        "OneHotEncoder": {"categories": {"colour": ["red", "blue"], "c": [0, 1, 2],
                                         "flag": [False, True]}}
    },
    "ordinal-encoder": "OrdinalEncoder",
    "ordinal-encoder-unknown": {"OrdinalEncoder": {"unknown_value": -7, "none_value": -9}},
    "ordinal-encoder-categories": {
        "OrdinalEncoder": {"categories": {"colour": {"red": 5, "blue": 6}, "c": {}, "flag": {}}}
    },
}
MIXED: dict[str, Any] = {
    "feature-hasher": {"FeatureHasher": {"n_features": 16, "seed": 42}},
    "feature-hasher-same-sign": {
        "FeatureHasher": {"n_features": 8, "seed": 1, "alternate_sign": False}
    },
    "select": {"Select": {"keys": ["a", "colour"]}},
    "discard": {"Discard": {"keys": ["a", "colour", "absent"]}},
    "select-type-number": {"SelectType": {"types": ["number"]}},
    "select-type-string": {"SelectType": {"types": ["string"]}},
    "prefixer": {"Prefixer": {"prefix": "p_"}},
    "suffixer": {"Suffixer": {"suffix": "_s"}},
    "renamer": {"Renamer": {"mapping": {"a": "A", "same": "b2", "absent": "x"}}},
    "transformer-union": {"TransformerUnion": {"transformers": [
        [{"SelectType": {"types": ["string"]}}, "OneHotEncoder"],
        [{"Select": {"keys": ["a", "b"]}}, "StandardScaler"],
        {"Select": {"keys": ["c"]}},
    ]}},
}
IMPUTERS: dict[str, Any] = {
    "previous-imputer": "PreviousImputer",
    "stat-imputer": {"StatImputer": {"imputers": [
        ["a", {"Mean": {}}],
        ["b", {"Quantile": {"q": 0.5}}],
        ["c", -1],
        ["same", {"Max": {}}],
        ["colour", {"Mode": {"k": 25}}],
    ]}},
}
TEXT: dict[str, Any] = {
    "bag-of-words": {"BagOfWords": {"on": "text"}},
    "bag-of-words-as-is": {
        "BagOfWords": {"on": "text", "strip_accents": False, "lowercase": False}
    },
    "bag-of-words-stop-words": {"BagOfWords": {"on": "text", "stop_words": ["the", "river"]}},
    "bag-of-words-1-2-grams": {"BagOfWords": {"on": "text", "ngram_range": [1, 2]}},
    "bag-of-words-3-grams": {"BagOfWords": {"on": "text", "ngram_range": [3, 3]}},
    "tfidf": {"TFIDF": {"on": "text"}},
    "tfidf-raw": {"TFIDF": {"on": "text", "normalize": False}},
    "tfidf-1-2-grams": {"TFIDF": {"on": "text", "ngram_range": [1, 2]}},
}


def all_cases() -> Iterator[Case]:
    groups = (
        (numeric, SCALERS),
        (categories, ENCODERS),
        (rows, MIXED),
        (lambda n: with_missing(rows(n)), IMPUTERS),
        (texts, TEXT),
    )
    for source, specs in groups:
        for name, spec in specs.items():
            yield Case(f"transform-{name}", source, spec)
    yield Case(
        "transform-ordinal-encoder-missing",
        lambda n: with_missing(categories(n)),
        "OrdinalEncoder",
    )


def record(case: Case) -> dict[str, Any]:
    """Each row, and what the transformer makes of it before and after learning it."""
    transformer = build(case.spec)
    inputs = list(case.source(ROWS))
    before: list[Any] = []
    after: list[Any] = []
    for x in inputs:
        before.append(ask(transformer, x))
        transformer.learn_one(dict(x))
        after.append(ask(transformer, x))
    return {
        "case": case.name,
        "kind": "transform",
        "spec": case.spec,
        "n": len(inputs),
        "inputs": inputs,
        "before": before,
        "after": after,
    }


def ask(transformer: Any, x: dict[str, Any]) -> Any:
    """The output, or null where River raises (it cannot scale what it has never seen)."""
    try:
        return transformer.transform_one(dict(x))
    except TypeError:
        return None
