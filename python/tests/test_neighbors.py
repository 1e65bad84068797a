"""Search engines as objects."""

from __future__ import annotations

import functools

import pytest

from heraclitus import neighbors, utils


def learned(model):
    for i in range(60):
        model.learn_one({"a": i * 7 % 30, "b": i % 5}, i * 7 % 30 > 15)
    return model


def test_an_engine_is_the_spec_that_the_core_reads():
    l1 = functools.partial(utils.math.minkowski_distance, p=1)
    by_object = neighbors.KNNClassifier(engine=neighbors.LazySearch(window_size=20, dist_func=l1))
    by_spec = neighbors.KNNClassifier(
        engine={"LazySearch": {"window_size": 20, "dist_func": {"minkowski_distance": {"p": 1}}}}
    )
    x = {"a": 15, "b": 2}
    asked = learned(by_object).predict_proba_one(x)
    assert asked == learned(by_spec).predict_proba_one(x)
    assert by_object.clone().engine.window_size == 20
    neighbors.KNNRegressor(engine=neighbors.SWINN(seed=42, dist_func=l1))


def test_a_distance_in_python_is_refused_by_name():
    engine = neighbors.SWINN(dist_func=lambda a, b: 0.0)
    with pytest.raises(TypeError, match="dist_func is a Python function"):
        neighbors.KNNClassifier(engine=engine)


def test_what_is_too_near_is_not_kept():
    near = neighbors.LazySearch(window_size=3, min_distance_keep=2.0)
    assert [near.update({"a": a}) for a in (0, 1, 5, 6)] == [True, False, True, False]
