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
    dummy,
    ensemble,
    feature_extraction,
    linear_model,
    metrics,
    multiclass,
    naive_bayes,
    optim,
    preprocessing,
    stats,
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


def gaps(n: int, seed: int) -> typing.Iterator[tuple[dict, float]]:
    first = {"f1": 0.5, "late": 1.0}
    for i, (x, y) in enumerate(numbers(n, seed)):
        yield {"f1": x.get("f1"), "late": x.get("late"), **(first if i == 0 else {})}, y


def texted(n: int, seed: int) -> typing.Iterator[tuple[dict, float]]:
    return (({str(k): v for k, v in x.items()}, y) for x, y in numbers(n, seed))


def truths(n: int, seed: int) -> typing.Iterator[tuple[dict, bool]]:
    return ((x, y > 6) for x, y in numbers(n, seed))


def classes(n: int, seed: int) -> typing.Iterator[tuple[dict, str]]:
    return ((x, "abc"[int(max(0, min(2, y / 5)))]) for x, y in numbers(n, seed))


def counts(n: int, seed: int) -> typing.Iterator[tuple[dict, str]]:
    return (({k: float(int(abs(v))) for k, v in x.items()}, y) for x, y in classes(n, seed))


def mixed(n: int, seed: int) -> typing.Iterator[tuple[dict, bool]]:
    rng = random.Random(seed)
    for x, y in truths(n, seed):
        city, n = rng.choice(["Delft", "Gouda"]), rng.randint(0, 3)
        yield {"f0": 0.5, "f1": -1.0, **x, "city": city, "n": n}, y


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
        | compose.Select("late", "f1")
        | scaled(linear_model.LinearRegression()),
        gaps,
    ),
    (
        preprocessing.PreviousImputer() | compose.Select("late", "f1")
        | linear_model.PARegressor(),
        gaps,
    ),
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
    (
        compose.Select("city", "n")
        | preprocessing.OneHotEncoder(drop_first=True)
        | linear_model.LogisticRegression(),
        mixed,
    ),
    (
        (compose.Select("f0", "f1") | preprocessing.StandardScaler())
        + (compose.Select("city", "n") | preprocessing.OneHotEncoder(drop_zeros=True))
        | linear_model.LogisticRegression(),
        mixed,
    ),
    (
        compose.Select("city", "n") | preprocessing.OrdinalEncoder() | linear_model.PARegressor(),
        mixed,
    ),
    (compose.Discard("f0") | compose.Prefixer("p_") | linear_model.PARegressor(), numbers),
    (
        compose.FuncTransformer(lambda x: {**x, "sum": sum(x.values())})
        | scaled(linear_model.LinearRegression()),
        numbers,
    ),
    (
        scaled(ensemble.BaggingClassifier(linear_model.LogisticRegression(), 3, seed=4)),
        truths,
    ),
    (
        ensemble.BaggingRegressor(scaled(linear_model.LinearRegression()), 3, seed=4),
        numbers,
    ),
    (ensemble.BaggingClassifier(naive_bayes.GaussianNB(), 3, seed=4), classes),
    (dummy.PriorClassifier(), classes),
    (dummy.NoChangeClassifier(), classes),
    (dummy.StatisticRegressor(stats.Mean()), numbers),
    (feature_extraction.BagOfWords() | naive_bayes.MultinomialNB(), texts),
    (feature_extraction.BagOfWords() | naive_bayes.BernoulliNB(), texts),
    (feature_extraction.TFIDF() | linear_model.LogisticRegression(), texts),
    (feature_extraction.TFIDF(ngram_range=(1, 2)) | linear_model.LogisticRegression(), texts),
    (feature_extraction.PolynomialExtender() | scaled(linear_model.PARegressor()), texted),
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


def live_together(a: typing.Any, b: typing.Any, events: list) -> None:
    """Both predict alike, now and while they learn on."""
    for x, _ in events:
        assert near(said(a, x), said(b, x))
    for x, y in events:
        a.learn_one(x, y)
        b.learn_one(x, y)
    for x, _ in events:
        assert near(said(a, x), said(b, x))


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
    # River's StatImputer shows in its parameters what it has learned.
    alike = "StatImputer" not in repr(theirs)
    assert repr(ours) == repr(theirs) or not alike
    live_together(ours, theirs, list(stream(50, seed=2)))
    again = heraclitus.to_river(ours)
    assert type(again) is type(theirs)
    assert repr(again) == repr(theirs) or not alike
    live_together(again, ours, list(stream(50, seed=3)))


STATS = [stats.Mean(), stats.Var(ddof=0), stats.SEM(), stats.Sum(), stats.Count(), stats.Min()]
STATS += [stats.Max(), stats.AbsMax()]


@pytest.mark.parametrize("stat", STATS, ids=lambda s: type(s).__name__)
def test_a_statistic_goes_on_in_the_other_package(stat: stats.base.Univariate) -> None:
    theirs = stat.clone()
    for value in (3.5, -2.0, 7.25, 7.25):
        theirs.update(value)
    ours = heraclitus.from_river(theirs)
    again = heraclitus.to_river(ours)
    assert near(ours.get(), theirs.get()) and near(again.get(), theirs.get())
    for value in (1.0, 0.5):
        for one in (theirs, ours, again):
            one.update(value)
    assert near(ours.get(), theirs.get()) and near(again.get(), theirs.get())


OF_NUMBERS = ["R2", "MAE", "MSE", "RMSE", "RMSLE", "MAPE", "SMAPE"]
OF_TRUTHS = ["Precision", "Recall", "F1", "Jaccard", "MCC", "LogLoss", "ROCAUC"]
OF_PROBABILITIES = ["LogLoss", "ROCAUC"]
OF_CLASSES = ["Accuracy", "BalancedAccuracy", "CohenKappa", "GeometricMean"]
OF_CLASSES += [a + b for a in ("Micro", "Macro", "Weighted") for b in OF_TRUTHS[:4]]


@pytest.mark.parametrize("name", OF_NUMBERS + OF_TRUTHS + OF_CLASSES)
def test_a_metric_goes_on_in_the_other_package(name: str) -> None:
    rng = random.Random(4)

    def observation() -> tuple:
        if name in OF_NUMBERS:
            return rng.random(), rng.random()
        if name in OF_TRUTHS:
            said = rng.random()
            return rng.random() < 0.4, said if name in OF_PROBABILITIES else said < 0.4
        return rng.choice("abc"), rng.choice("aabc")

    theirs = getattr(metrics, name)()
    for _ in range(40):
        theirs.update(*observation())
    ours = heraclitus.from_river(theirs)
    again = heraclitus.to_river(ours)
    for _ in range(20):
        assert near(ours.get(), theirs.get()) and near(again.get(), theirs.get())
        seen = observation()
        for one in (theirs, ours, again):
            one.update(*seen)
    if hasattr(theirs, "cm"):
        # Whoever asks for the matrix has it from then on, and it crosses as well.
        for one in (again, ours, heraclitus.to_river(ours)):
            assert dict(one.cm.data) == dict(theirs.cm.data) and one.cm.n_samples == 60


def test_what_is_not_known_is_refused_by_name() -> None:
    model = preprocessing.RobustScaler(q_inf=0.1) | linear_model.PARegressor()
    with pytest.raises(TypeError, match="RobustScaler has learned"):
        heraclitus.from_river(model)
    fresh = heraclitus.from_river(model, learned=False)
    with pytest.raises(TypeError, match="RobustScaler has learned"):
        heraclitus.to_river(fresh)
    assert repr(heraclitus.to_river(fresh, learned=False)) == repr(model) == repr(fresh)
    with pytest.raises(TypeError, match="window_size"):
        heraclitus.from_river(preprocessing.MinMaxScaler(window_size=3))

    class Mine(base.Classifier):
        def learn_one(self, x: dict, y: bool) -> None: ...

        def predict_one(self, x: dict) -> bool:
            return True

    with pytest.raises(TypeError, match="Mine"):
        heraclitus.from_river(preprocessing.StandardScaler() | Mine())
    with pytest.raises(TypeError, match="Mine"):
        heraclitus.from_river(multiclass.OneVsRestClassifier(Mine()))

    class PAClassifier(linear_model.PAClassifier):
        """Another one of the same name."""

    with pytest.raises(TypeError, match="test_river"):
        heraclitus.from_river(preprocessing.StandardScaler() | PAClassifier())
    with pytest.raises(TypeError, match="a model of river is wanted"):
        heraclitus.from_river(Mine())
    with pytest.raises(TypeError, match="a model of heraclitus is wanted"):
        heraclitus.to_river(preprocessing.StandardScaler())


def test_features_whose_names_would_be_one_are_refused() -> None:
    model = preprocessing.StandardScaler()
    model.learn_one({1: 2.0, "1": 3.0})
    with pytest.raises(ValueError, match="have one name, '1'"):
        heraclitus.from_river(model)


def test_rivers_model_is_left_as_it_was() -> None:
    theirs = scaled(linear_model.LogisticRegression(optim.Adam()))
    for x, y in truths(50, seed=1):
        theirs.learn_one(x, y)
    before = copy.deepcopy(theirs)
    ours = heraclitus.from_river(theirs)
    for x, y in truths(50, seed=2):
        ours.learn_one(x, y)
    live_together(theirs, before, list(truths(20, seed=3)))
