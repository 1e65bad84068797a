"""Several threads: a setting of the process that changes no bit."""

from __future__ import annotations

import random

import pytest

import heraclitus
from heraclitus import forest


@pytest.fixture(autouse=True)
def one_thread():
    yield
    heraclitus.set_num_threads(1)


def _learned(threads: int) -> list:
    heraclitus.set_num_threads(threads)
    assert heraclitus.get_num_threads() == threads
    rng = random.Random(7)
    models = [
        forest.ARFClassifier(n_models=20, seed=1, grace_period=20),
        forest.ARFRegressor(n_models=20, seed=1, grace_period=20),
        forest.AMFClassifier(n_estimators=20, seed=1),
    ]
    said = []
    for _ in range(400):
        x = {name: rng.random() for name in "abcd"}
        for model in models:
            said.append(model.predict_one(x))
            y = x["a"] - x["b"]
            model.learn_one(x, y if isinstance(model, forest.ARFRegressor) else y > 0)
    return said


def test_threads_change_no_prediction():
    assert _learned(1) == _learned(2) == _learned(3)


@pytest.mark.parametrize("n", [0, 65])
def test_a_wrong_number_is_refused(n):
    with pytest.raises(ValueError, match=f"from 1 to 64, got {n}"):
        heraclitus.set_num_threads(n)
    assert heraclitus.get_num_threads() == 1
