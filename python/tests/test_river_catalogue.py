"""Every entry of the catalogue crosses to River and back, or is refused by name."""

from __future__ import annotations

import importlib
import random
import typing

import pytest
from river import (
    anomaly,
    cluster,
    drift,
    ensemble,
    forest,
    linear_model,
    multiclass,
    naive_bayes,
    neighbors,
    preprocessing,
    tree,
)
from test_river import near, said

import heraclitus
from heraclitus._generated import MODULES
from heraclitus._river import _states
from heraclitus._river._refused import REASONS

def rivers(name: str) -> type | None:
    module = MODULES[name].replace("drift_binary", "drift.binary")
    return getattr(importlib.import_module(f"river.{module}"), name, None)


def test_every_entry_is_taken_along_or_refused_by_name() -> None:
    known = set()
    for name in MODULES:
        if rivers(name) is None:
            continue
        try:
            _states.find(name)
        except TypeError as error:
            assert f"a {name} has learned can't be taken along: {REASONS[name]}" in str(error)
        else:
            known.add(name)
    assert set(MODULES) - known == set(REASONS)


def features(n: int, seed: int) -> typing.Iterator[tuple[dict, float]]:
    rng = random.Random(seed)
    for _ in range(n):
        x = {key: rng.random() for key in "abcdef"}
        yield x, x["a"] * 4 + x["b"]


def changing(n: int, seed: int) -> typing.Iterator[tuple[dict, float]]:
    for i, (x, y) in enumerate(features(n, seed)):
        yield x, y if (i // 200) % 2 else x["c"] * 3 + x["d"]


def binary(n: int, seed: int) -> typing.Iterator[tuple[dict, bool]]:
    return ((x, y > 2.3) for x, y in changing(n, seed))


def classes(n: int, seed: int) -> typing.Iterator[tuple[dict, str]]:
    return ((x, "xyz"[int(min(2, y / 2))]) for x, y in features(n, seed))


def nominal(n: int, seed: int) -> typing.Iterator[tuple[dict, bool]]:
    rng = random.Random(seed)
    for x, y in binary(n, seed):
        yield {**x, "city": rng.choice(["Delft", "Gouda", "Breda"])}, y


def hinkley(threshold: float = 3) -> drift.PageHinkley:
    return drift.PageHinkley(min_instances=10, threshold=threshold)


def grown(**params: typing.Any) -> tree.HoeffdingTreeClassifier:
    return tree.HoeffdingTreeClassifier(grace_period=50, delta=0.1, **params)


def targets(**params: typing.Any) -> tree.HoeffdingTreeRegressor:
    return tree.HoeffdingTreeRegressor(grace_period=50, delta=0.1, **params)


WATCHED = {"drift_detector": hinkley(), "warning_detector": hinkley(1), "seed": 3, "n_models": 3}
ADAPTIVE = {"grace_period": 30, "delta": 0.1, "drift_window_threshold": 50, "seed": 3}

MODELS: list[tuple[typing.Any, typing.Callable]] = [
    (grown(), binary),
    (grown(leaf_prediction="mc", remove_poor_attrs=True), nominal),
    (grown(leaf_prediction="nb", max_depth=2), classes),
    (grown(splitter=tree.splitter.HistogramSplitter(n_bins=20)), classes),
    (grown(splitter=tree.splitter.ExhaustiveSplitter()), classes),
    (grown(splitter=tree.splitter.GaussianSplitter(n_splits=5)), classes),
    (targets(), changing),
    (targets(leaf_prediction="mean", splitter=tree.splitter.EBSTSplitter()), changing),
    (targets(leaf_prediction="mean", splitter=tree.splitter.QOSplitter(0.1)), changing),
    (targets(leaf_prediction="model", splitter=tree.splitter.QOSplitter(0.2, True)), changing),
    (tree.HoeffdingAdaptiveTreeClassifier(drift_detector=hinkley(), **ADAPTIVE), binary),
    (tree.HoeffdingAdaptiveTreeRegressor(drift_detector=hinkley(), **ADAPTIVE), changing),
    (forest.ARFClassifier(**WATCHED), binary),
    (forest.ARFRegressor(**WATCHED), changing),
    (forest.AMFClassifier(3, seed=3), classes),
    (forest.AMFRegressor(3, seed=3), changing),
    (ensemble.SRPClassifier(model=grown(), **WATCHED), binary),
    (ensemble.SRPRegressor(model=targets(), **WATCHED), changing),
    (ensemble.SRPClassifier(grown(), 3, disable_detector="drift", seed=3), classes),
    (ensemble.BaggingClassifier(grown(), 3, seed=3), classes),
    (ensemble.AdaBoostClassifier(grown(), 3, seed=3), binary),
    (ensemble.BOLEClassifier(grown(), 3, seed=3), binary),
    (ensemble.VotingClassifier([grown(), naive_bayes.GaussianNB()]), binary),
    (
        ensemble.StackingClassifier(
            [linear_model.LogisticRegression(), naive_bayes.GaussianNB()],
            meta_classifier=linear_model.LogisticRegression(),
        ),
        binary,
    ),
    (
        ensemble.EWARegressor([linear_model.LinearRegression(), linear_model.PARegressor()]),
        changing,
    ),
    (multiclass.OneVsOneClassifier(naive_bayes.GaussianNB()), classes),
    (multiclass.OneVsRestClassifier(grown()), classes),
    (drift.DriftRetrainingClassifier(naive_bayes.GaussianNB()), binary),
    (neighbors.KNNClassifier(engine=neighbors.LazySearch(window_size=50)), classes),
    (neighbors.KNNRegressor(engine=neighbors.LazySearch(window_size=1000)), changing),
    (preprocessing.PredClipper(linear_model.LinearRegression(), 0.5, 3), changing),
    (preprocessing.TargetMinMaxScaler(linear_model.LinearRegression()), changing),
]


def learn(models: typing.Iterable[typing.Any], events: list) -> None:
    for x, y in events:
        for model in models:
            model.learn_one(x, y)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m[0]).__name__)
def test_what_grows_goes_on_in_the_other_package(model: tuple) -> None:
    theirs, stream = model[0].clone(), model[1]
    learn([theirs], list(stream(600, 1)))
    ours = heraclitus.from_river(theirs)
    for seed in (2, 3):
        events = list(stream(250, seed))
        assert all(near(said(ours, x), said(theirs, x)) for x, _ in events)
        learn([ours, theirs], events)
        assert all(near(said(ours, x), said(theirs, x)) for x, _ in events)
        theirs = heraclitus.to_river(ours)
        assert type(theirs) is type(model[0])


@pytest.mark.parametrize(
    "model",
    [anomaly.HalfSpaceTrees(5, 4, 50, seed=3), cluster.KMeans(3, seed=3)],
    ids=lambda m: type(m).__name__,
)
def test_what_learns_without_a_target_goes_on_too(model: typing.Any) -> None:
    theirs = model.clone()
    ask = "score_one" if hasattr(model, "score_one") else "predict_one"
    for x, _ in features(130, 1):
        theirs.learn_one(x)
    ours = heraclitus.from_river(theirs)
    again = heraclitus.to_river(ours)
    for x, _ in features(120, 2):
        answers = [getattr(one, ask)(x) for one in (theirs, ours, again)]
        assert near(answers[0], answers[1]) and near(answers[0], answers[2])
        for one in (theirs, ours, again):
            one.learn_one(x)


DETECTORS = [
    hinkley(),
    drift.KSWIN(seed=4),
    drift.DummyDriftDetector(t_0=50, w=4, seed=3),
    drift.DummyDriftDetector("random", t_0=50, w=4, seed=3),
    drift.NoDrift(),
    drift.binary.DDM(),
    drift.binary.EDDM(),
    drift.binary.FHDDM(short_window_size=20),
    drift.binary.HDDMA(two_sided_test=True),
    drift.binary.HDDMW(two_sided_test=True),
]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("n", [0, 20, 333])
def test_a_detector_goes_on_in_the_other_package(detector: typing.Any, n: int) -> None:
    rng = random.Random(n)
    theirs = detector.clone()
    for i in range(n):
        theirs.update(int(rng.random() < (0.1 if i < n // 2 else 0.5)))
    ours = heraclitus.from_river(theirs)
    again = heraclitus.to_river(ours)
    for i in range(400):
        value = int(rng.random() < (0.1 if (i // 130) % 2 else 0.7))
        for one in (theirs, ours, again):
            one.update(value)
        assert ours.drift_detected == theirs.drift_detected == again.drift_detected


def test_what_can_not_be_read_begins_afresh_where_it_is_allowed_to() -> None:
    theirs = forest.ARFClassifier(3, seed=3)
    learn([theirs], list(binary(300, 1)))
    with pytest.raises(TypeError, match=r'ADWIN has learned .* afresh=\["ADWIN"\]'):
        heraclitus.from_river(theirs)
    ours = heraclitus.from_river(theirs, afresh=["ADWIN"])
    with pytest.raises(TypeError, match="ADWIN"):
        heraclitus.to_river(heraclitus.from_river(drift_seen()))
    assert all(near(said(ours, x), said(theirs, x)) for x, _ in binary(100, 2))
    learn([ours], list(binary(50, 2)))
    with pytest.raises(TypeError, match="ADWIN"):
        heraclitus.to_river(ours)
    again = heraclitus.to_river(ours, afresh=["ADWIN"])
    assert all(near(said(ours, x), said(again, x)) for x, _ in binary(100, 3))


@pytest.mark.parametrize(
    "name",
    ["ADWINBaggingClassifier", "ADWINBoostingClassifier", "LeveragingBaggingClassifier"],
)
def test_an_ensemble_that_watches_for_drift_crosses_with_new_watchers(name: str) -> None:
    theirs = getattr(ensemble, name)(naive_bayes.GaussianNB(), n_models=3, seed=7)
    learn([theirs], list(binary(200, 1)))
    ours = heraclitus.from_river(theirs, afresh=["ADWIN"])
    again = heraclitus.to_river(ours, afresh=["ADWIN"])
    for x, y in binary(100, 2):
        assert near(said(ours, x), said(theirs, x)) and near(said(again, x), said(theirs, x))
        learn([theirs, ours, again], [(x, y)])


def test_a_part_that_can_not_be_read_may_begin_afresh_too() -> None:
    theirs = preprocessing.RobustScaler() | grown()
    learn([theirs], list(binary(300, 1)))
    ours = heraclitus.from_river(theirs, afresh=["RobustScaler"])
    fresh = preprocessing.RobustScaler() | theirs["HoeffdingTreeClassifier"]
    assert all(near(said(ours, x), said(fresh, x)) for x, _ in binary(100, 2))


def drift_seen() -> drift.ADWIN:
    detector = drift.ADWIN()
    detector.update(1.0)
    return detector


def test_what_depends_on_the_order_of_sets_is_refused() -> None:
    theirs = neighbors.KNNRegressor(engine=neighbors.SWINN(graph_k=5, maxlen=50, warm_up=20))
    learn([theirs], list(changing(19, 1)))
    assert heraclitus.from_river(theirs).predict_one({"a": 0.5}) is not None
    learn([theirs], list(changing(19, 2)))
    with pytest.raises(TypeError, match="SWINN .* has made its graph"):
        heraclitus.from_river(theirs)
    ours = heraclitus.from_river(multiclass.OneVsOneClassifier(naive_bayes.GaussianNB()))
    learn([ours], [({"a": 1.0}, "z"), ({"a": 2.0}, "y")])
    with pytest.raises(TypeError, match="need them sorted"):
        heraclitus.to_river(ours)
