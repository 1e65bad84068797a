"""River in, River out: equal predictions afterwards, and equal learning from there on."""

from __future__ import annotations

import copy
import math
import random
import typing

import pytest
from river import (
    base,
    compose,
    feature_extraction,
    linear_model,
    metrics,
    multiclass,
    naive_bayes,
    optim,
    preprocessing,
    stats,
    tree,
)

import heraclitus


def numbers(n: int, seed: int) -> typing.Iterator[tuple[dict, float]]:
    rng = random.Random(seed)
    for i in range(n):
        x: dict = {f"f{j}": rng.gauss(j, 1 + j) for j in range(4) if rng.random() < 0.9}
        x[7] = rng.random()
        if i > n // 3:
            x["late"] = rng.gauss(0, 1)
        yield x, sum(x.values())


def truths(n: int, seed: int) -> typing.Iterator[tuple[dict, bool]]:
    return ((x, y > 6) for x, y in numbers(n, seed))


def classes(n: int, seed: int) -> typing.Iterator[tuple[dict, str]]:
    return ((x, "abc"[int(max(0, min(2, y / 5)))]) for x, y in numbers(n, seed))


def counts(n: int, seed: int) -> typing.Iterator[tuple[dict, str]]:
    return (({k: float(int(abs(v))) for k, v in x.items()}, y) for x, y in classes(n, seed))


def mixed(n: int, seed: int) -> typing.Iterator[tuple[dict, bool]]:
    rng = random.Random(seed)
    for x, y in truths(n, seed):
        yield {**x, "city": rng.choice(["Delft", "Gouda"]), "n": rng.randint(0, 3)}, y


def texts(n: int, seed: int) -> typing.Iterator[tuple[str, bool]]:
    rng = random.Random(seed)
    words = "the quick brown fox jumps over a lazy dog again".split()
    for _ in range(n):
        said = rng.choices(words, k=5)
        yield " ".join(said), "fox" in said


def scaled(model: base.Estimator) -> base.Estimator:
    return preprocessing.StandardScaler() | model


OPTIMIZERS = [
    optim.SGD(0.05),
    optim.SGD(optim.schedulers.InverseScaling(0.1)),
    optim.Adam(),
    optim.AdaGrad(),
    optim.RMSProp(),
    optim.Momentum(),
    optim.NesterovMomentum(),
    optim.AdaDelta(),
    optim.AdaMax(),
    optim.AdaBound(),
    optim.AMSGrad(),
    optim.Nadam(),
    optim.FTRLProximal(),
]

MODELS: list[tuple[base.Estimator, typing.Callable]] = [
    *((scaled(linear_model.LogisticRegression(o)), truths) for o in OPTIMIZERS),
    *((scaled(linear_model.LinearRegression(o.clone())), numbers) for o in OPTIMIZERS[:4]),
    (scaled(linear_model.LogisticRegression(l2=0.1, intercept_lr=0.1)), truths),
    (scaled(linear_model.LogisticRegression(l1=0.001)), truths),
    (scaled(linear_model.LogisticRegression(loss=optim.losses.Hinge())), truths),
    (
        scaled(linear_model.LinearRegression(initializer=optim.initializers.Normal(seed=3))),
        numbers,
    ),
    (scaled(linear_model.LinearRegression(loss=optim.losses.Huber(), intercept_init=2)), numbers),
    (scaled(linear_model.Perceptron()), truths),
    (scaled(linear_model.PAClassifier(mode=2)), truths),
    (scaled(linear_model.PARegressor(C=0.1)), numbers),
    (scaled(linear_model.ALMAClassifier()), truths),
    (scaled(linear_model.SoftmaxRegression()), classes),
    (scaled(linear_model.SoftmaxRegression(optim.Adam(0.01))), classes),
    (preprocessing.MinMaxScaler() | linear_model.LinearRegression(), numbers),
    (preprocessing.MaxAbsScaler() | linear_model.LinearRegression(), numbers),
    (preprocessing.Normalizer() | linear_model.LinearRegression(), numbers),
    (preprocessing.StandardScaler(with_std=False) | linear_model.PARegressor(), numbers),
    (preprocessing.StandardScaler(window_size=9) | linear_model.LinearRegression(), numbers),
    (
        preprocessing.StandardScaler(window_size=9, with_std=False) | linear_model.PARegressor(),
        numbers,
    ),
    (
        scaled(preprocessing.TargetStandardScaler(linear_model.LinearRegression())),
        numbers,
    ),
    (
        preprocessing.StatImputer(("late", stats.Mean()), ("f1", stats.Max()))
        | scaled(linear_model.LinearRegression()),
        numbers,
    ),
    (preprocessing.PreviousImputer() | scaled(linear_model.LinearRegression()), numbers),
    (naive_bayes.GaussianNB(), classes),
    (naive_bayes.GaussianNB(), truths),
    (naive_bayes.MultinomialNB(0.5), counts),
    (naive_bayes.ComplementNB(), counts),
    (naive_bayes.BernoulliNB(true_threshold=1.0), counts),
    (scaled(multiclass.OneVsRestClassifier(linear_model.LogisticRegression())), classes),
    (
        multiclass.OneVsRestClassifier(
            preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.Adam())
        ),
        classes,
    ),
    (
        compose.SelectType(str) | preprocessing.OneHotEncoder()
        | linear_model.LogisticRegression(),
        mixed,
    ),
    (preprocessing.OneHotEncoder() | linear_model.LogisticRegression(), mixed),
    (
        (compose.Select("f0", "f1") | preprocessing.StandardScaler())
        + (compose.Select("city", "n") | preprocessing.OneHotEncoder(drop_zeros=True))
        | linear_model.LogisticRegression(),
        mixed,
    ),
    (preprocessing.OrdinalEncoder() | linear_model.PARegressor(), mixed),
    (compose.Discard("f0") | compose.Prefixer("p_") | linear_model.PARegressor(), numbers),
    (
        compose.FuncTransformer(lambda x: {**x, "sum": sum(x.values())})
        | scaled(linear_model.LinearRegression()),
        numbers,
    ),
    (feature_extraction.BagOfWords() | naive_bayes.MultinomialNB(), texts),
    (feature_extraction.BagOfWords() | naive_bayes.BernoulliNB(), texts),
    (feature_extraction.TFIDF() | linear_model.LogisticRegression(), texts),
    (feature_extraction.TFIDF(ngram_range=(1, 2)) | linear_model.LogisticRegression(), texts),
    (feature_extraction.PolynomialExtender() | linear_model.LinearRegression(1e-6), numbers)
    if False
    else (feature_extraction.PolynomialExtender() | scaled(linear_model.PARegressor()), numbers),
]


def near(a: typing.Any, b: typing.Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(near(v, b[k]) for k, v in a.items())
    if isinstance(a, float) and not isinstance(a, bool):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
    return a == b


def said(model: typing.Any, x: typing.Any) -> typing.Any:
    try:
        return model.predict_proba_one(x)
    except (NotImplementedError, AttributeError):
        return model.predict_one(x)


def live_together(a: typing.Any, b: typing.Any, events: list, tolerance: float = 1.0) -> None:
    """Both predict alike, now and while they learn on."""
    for x, _ in events:
        assert near(said(a, x), said(b, x))
    for x, y in events:
        a.learn_one(x, y)
        b.learn_one(x, y)
    for x, _ in events:
        assert near(said(a, x), said(b, x))


def name_of(pair: typing.Any) -> str | None:
    return repr(pair).split("\n")[0] if isinstance(pair, base.Estimator) else None


@pytest.mark.parametrize(
    ("model", "stream"), MODELS, ids=[f"{i}-{m}" for i, (m, _) in enumerate(MODELS)]
)
def test_a_model_goes_on_in_the_other_package(
    model: base.Estimator, stream: typing.Callable
) -> None:
    theirs = model.clone()
    for x, y in stream(150, seed=1):
        theirs.learn_one(x, y)
    ours = heraclitus.from_river(theirs)
    assert repr(ours) == repr(theirs)
    live_together(ours, theirs, list(stream(50, seed=2)))
    again = heraclitus.to_river(ours)
    assert type(again) is type(theirs)
    assert repr(again) == repr(theirs)
    live_together(again, ours, list(stream(50, seed=3)))
