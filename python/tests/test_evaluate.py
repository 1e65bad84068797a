"""A model predicts before it learns, with the labels that are known by then."""

import datetime as dt
import io
import sys

import pytest

from heraclitus import base, evaluate


class Latest(base.Classifier):
    """Predicts the latest label, and writes down what happens."""

    def __init__(self):
        self.label, self.log = None, []

    def learn_one(self, x, y, w=1.0):
        self.label = y
        self.log.append((x["n"], w))

    def predict_one(self, x):
        self.log.append(x["n"])
        return self.label


class Share:
    """The share of right predictions."""

    requires_labels = True

    def __init__(self):
        self.right = self.all = 0

    def works_with(self, model):
        return isinstance(model, base.Classifier)

    def update(self, y_true, y_pred):
        self.all += 1
        self.right += y_true == y_pred

    def __repr__(self):
        return f"Share: {self.right}/{self.all}"


def events(labels="aabba"):
    return [({"n": n}, label) for n, label in enumerate(labels)]


def test_it_predicts_then_learns():
    model, out = Latest(), io.StringIO()
    metric = evaluate.progressive_val_score(events(), model, Share(), print_every=2, file=out)
    # The first prediction is none, and isn't counted.
    assert repr(metric) == "Share: 2/4"
    assert out.getvalue() == "[2] Share: 1/1\n[4] Share: 2/3\n[5] Share: 2/4\n"
    assert model.log[:4] == [0, (0, 1.0), 1, (1, 1.0)]


def test_labels_come_late():
    model = Latest()
    evaluate.progressive_val_score(events("abc"), model, Share(), delay=2)
    assert model.log == [0, 1, (0, 1.0), 2, (1, 1.0), (2, 1.0)]
    steps = list(evaluate.iter_progressive_val_score(events(), Latest(), Share(), delay=1, step=2))
    assert [state["Step"] for state in steps] == [2, 4, 5]


def test_weights_stay_with_a_list_of_events():
    weighted = [(x, y, {"w": 2.0 + x["n"]}) for x, y in events("ab")]
    for options in ({}, {"delay": 1}):
        for _ in range(2):
            model = Latest()
            evaluate.progressive_val_score(weighted, model, Share(), **options)
            learned = [entry for entry in model.log if isinstance(entry, tuple)]
            assert learned == [(0, 2.0), (1, 3.0)]


def test_reports_hold_what_was_asked_for():
    options = {"step": 2, "measure_time": True, "measure_memory": True, "yield_predictions": True}
    first, *_, last = evaluate.iter_progressive_val_score(events(), Latest(), Share(), **options)
    assert list(first) == ["Share", "Step", "Time", "Memory", "Prediction"]
    assert isinstance(first["Time"], dt.timedelta) and first["Memory"] > 0
    assert first["Prediction"] == "a" and last["Prediction"] is None


def test_what_does_not_fit_is_refused(monkeypatch):
    class Other(base.Regressor):
        learn_one = predict_one = lambda self, x, y=None: None

    with pytest.raises(ValueError, match="Share metric is not compatible"):
        evaluate.progressive_val_score(events(), Other(), Share())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError, match="pip install tqdm"):
        evaluate.progressive_val_score(events(), Latest(), Share(), progress=True)


def test_a_track_leaves_the_model_alone():
    class Data(list):
        n_samples = 5

    class Clonable(Share):
        def clone(self):
            return Clonable()

    model = Latest()
    track = evaluate.Track("mine", [Data(events())], Clonable())
    (data,) = track
    assert [state["Step"] for state in track.run(model, data, n_checkpoints=2)] == [2, 4, 5]
    assert model.log == []
