"""Models over the native core: River's predictions, pipelines as one core, copies, threads."""

from __future__ import annotations

import copy
import pickle
import random
import sys
import threading

import pytest

import heraclitus
from heraclitus import compose, linear_model, naive_bayes, optim, preprocessing
from heraclitus._frames import as_list


def _events(n, seed=1):
    rng = random.Random(seed)
    for _ in range(n):
        x = {f"f{i}": rng.gauss(i, 1 + i) for i in range(5)}
        yield x, sum(x.values()) > 10


def _essay():
    return compose.Pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())


def test_the_essays_snippet_predicts_as_river_does():
    river_compose = pytest.importorskip("river.compose")
    from river import linear_model as river_linear, preprocessing as river_preprocessing

    ours = _essay()
    theirs = river_compose.Pipeline(
        river_preprocessing.StandardScaler(), river_linear.LogisticRegression()
    )
    for x, y in _events(300):
        assert ours.predict_proba_one(x) == pytest.approx(theirs.predict_proba_one(x), abs=1e-12)
        ours.learn_one(x, y)
        theirs.learn_one(x, y)
    theirs_w = dict(theirs["LogisticRegression"].weights)
    assert ours["LogisticRegression"].weights == pytest.approx(theirs_w, abs=1e-12)


def test_steps_show_what_the_pipeline_learns():
    scaler, model = preprocessing.StandardScaler(), linear_model.LogisticRegression()
    whole = scaler | model
    apart_scaler, apart = preprocessing.StandardScaler(), linear_model.LogisticRegression()
    for x, y in _events(100):
        whole.learn_one(x, y)
        apart_scaler.learn_one(x)
        apart.learn_one(apart_scaler.transform_one(x), y)
    assert whole._is_one_core()
    assert model.weights == apart.weights
    assert scaler.transform_one(x) == apart_scaler.transform_one(x)


def test_a_python_function_goes_step_by_step_and_is_no_file(tmp_path):
    def double(x):
        return {name: 2 * value for name, value in x.items()}

    model = double | preprocessing.StandardScaler() | linear_model.LogisticRegression()
    plain = _essay()
    for x, y in _events(100):
        model.learn_one(x, y)
        plain.learn_one(double(x), y)
    assert not model._is_one_core()
    assert model.predict_proba_one(x) == plain.predict_proba_one(double(x))
    with pytest.raises(TypeError, match="double is a Python function"):
        model.save(tmp_path / "model")


def test_copies_go_on_to_the_same_bits(tmp_path):
    model = _essay()
    events = list(_events(200))
    for x, y in events[:100]:
        model.learn_one(x, y)
    model.save(tmp_path / "model.her")
    copies = [
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        heraclitus.load(tmp_path / "model.her"),
    ]
    for x, y in events[100:]:
        for each in (model, *copies):
            each.learn_one(x, y)
    for each in copies:
        assert each.predict_proba_one(x) == model.predict_proba_one(x)
        assert each[-1].weights == model[-1].weights
    fresh = model.clone()
    assert fresh[-1].weights == {} and model[-1].weights != {}


def test_a_changed_parameter_keeps_what_was_learned():
    model = _essay()
    events = list(_events(50))
    for x, y in events:
        model.learn_one(x, y)
    before = dict(model[-1].weights)
    model[-1].l2 = 0.1
    assert model[-1].weights == before
    model.learn_one(*events[0])
    assert model._is_one_core() and model[-1].weights != before


def test_frames_are_learned_row_by_row():
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    events = list(_events(200))
    rows, y = [x for x, _ in events], [y for _, y in events]
    one = _essay()
    for x, label in events:
        one.learn_one(x, label)
    frame = pd.DataFrame(rows)
    for X in (frame, pl.DataFrame(rows), pa.Table.from_pylist(rows)):
        many = _essay()
        many.learn_many(X, y)
        assert many[-1].weights == one[-1].weights
        assert as_list(many.predict_many(X)) == [one.predict_one(x) for x in rows]
    proba = many.predict_proba_many(frame)
    assert proba[True].tolist() == [one.predict_proba_one(x)[True] for x in rows]
    with pytest.raises(ValueError, match="199 targets"):
        _essay().learn_many(frame, y[1:])


def test_four_threads_lose_nothing():
    """River's weights do not survive this: two of 201 were left, without an error."""
    model = linear_model.LogisticRegression(optimizer=optim.SGD(0.01))
    x = {f"f{i}": 1.0 for i in range(200)}
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        work = [
            threading.Thread(target=lambda: [model.learn_one(x, True) for _ in range(2000)])
            for _ in range(4)
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    alone = linear_model.LogisticRegression(optimizer=optim.SGD(0.01))
    for _ in range(8000):
        alone.learn_one(x, True)
    assert model.optimizer.n_iterations == 8000
    assert len(model.weights) == 200
    assert model.weights == alone.weights


@pytest.mark.parametrize(
    "event, said",
    [
        ({"a": float("nan")}, "feature 'a' is NaN"),
        ({"a": [1]}, "feature 'a' is a list"),
        ({"a": "x"}, "is a text and LogisticRegression learns from numbers"),
        (17, "an event is a dict of features"),
    ],
)
def test_a_bad_event_changes_nothing(event, said):
    model = linear_model.LogisticRegression()
    model.learn_one({"a": 1.0}, True)
    before = model._to_bytes()
    with pytest.raises((ValueError, TypeError), match=said):
        model.learn_one(event, True)
    assert model._to_bytes() == before


def test_labels_and_names_may_be_what_python_can_hash():
    model = naive_bayes.GaussianNB()
    for i in range(40):
        x = {0: 10 * (i % 2) + i / 40, ("b", 1): 1.0}
        model.learn_one(x, (i % 2, "odd" if i % 2 else "even"))
    assert model.predict_one({0: 10, ("b", 1): 1.0}) == (1, "odd")
    again = pickle.loads(pickle.dumps(model))
    assert again.predict_one({0: 0, ("b", 1): 1.0}) == (0, "even")
    with pytest.raises(ValueError, match="have the same name"):
        model.learn_one({"0": 1.0}, (0, "even"))


def test_a_card_is_shown_in_notebooks():
    card = _essay()._repr_html_()
    assert "StandardScaler" in card and "<script" not in card
