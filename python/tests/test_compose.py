"""Pipelines and what they are made of: who learns when, and from what."""

import copy
import pickle

import pytest

from heraclitus import base, compose
from heraclitus.base.base import log_method_calls
from heraclitus.compose.pipeline import _method_params, _route


class Seen(base.Transformer):
    """Adds how many events it has learned."""

    def __init__(self, name="n"):
        self.name = name
        self.n = 0

    @property
    def _mutable_attributes(self):
        return {"name"}

    def learn_one(self, x, t=None):
        self.n += 1
        self.t = t

    def transform_one(self, x):
        return {**x, self.name: self.n}


class TargetSum(base.SupervisedTransformer):
    """Adds the sum of the targets so far."""

    def __init__(self):
        self.total = 0

    def learn_one(self, x, y):
        self.total += y

    def transform_one(self, x):
        return {**x, "total": self.total}


class Keep(base.Regressor):
    """Keeps all that it learns."""

    def __init__(self, l2=0.0):
        self.l2 = l2
        self.learned = []

    def learn_one(self, x, y, w=1.0):
        self.learned.append((x, y, w))

    def predict_one(self, x):
        return sum(v for v in x.values() if isinstance(v, (int, float)))


class Above(base.AnomalyFilter):
    def classify(self, score):
        return score > 10


class Size(base.AnomalyDetector):
    n = 0

    def learn_one(self, x):
        self.n += 1

    def score_one(self, x):
        return x["a"]


def test_who_learns_and_from_what():
    model = Seen() | TargetSum() | Keep()
    model.learn_one({"a": 1}, 5, t="now", w=2.0, other=3)
    model.learn_one({"a": 2}, 6)
    # Seen learns before it transforms, TargetSum after: no target leaks.
    assert model[-1].learned == [
        ({"a": 1, "n": 1, "total": 0}, 5, 2.0),
        ({"a": 2, "n": 2, "total": 5}, 6, 1.0),
    ]
    before = pickle.dumps(model)
    assert model.predict_one({"a": 3}) == 3 + 2 + 11
    assert pickle.dumps(model) == before


def test_learning_while_predicting():
    model = (Seen() + Seen("m")) | Keep()
    with compose.learn_during_predict():
        assert model.predict_one({}, t=7) == 2
        assert model[0][0].t == 7
        model.learn_one({}, 1)
    assert model[0][1].n == 1
    model.learn_one({}, 1)
    assert model[0][1].n == 2


def test_a_filter_keeps_anomalies_from_what_follows():
    model = Above(Size()) | Keep()
    for a in [1, 20, 3]:
        model.learn_one({"a": a}, a)
    assert [y for _, y, _ in model[-1].learned] == [1, 3]
    assert model[0].anomaly_detector.n == 2
    assert model.predict_one({"a": 20}) == 20
    unprotected = Above(Size(), protect_anomaly_detector=False)
    unprotected.learn_one({"a": 20})
    assert unprotected.anomaly_detector.n == 1


def test_names_and_operators():
    def f(x):
        return {"f": 1}

    model = f | (Seen | compose.Pipeline(Seen, ("last", Keep)))
    assert list(model.steps) == ["f", "Seen1", "Seen", "last"]
    assert model["Seen1"] is model[1]
    assert str(f + compose.Select("b", "a") * compose.Select("c")) == "f + ['a', 'b'] * ['c']"
    union = compose.TransformerUnion(f, compose.TransformerUnion(f, Seen()))
    assert list(union.transformers) == ["f", "f1", "Seen"]
    assert union.transform_one({"f": 0}) == {"f": 1, "n": 0}
    assert isinstance(compose.Select("a") * "shop", compose.Grouper)
    assert list(compose.Pipeline([f, Seen()], Keep()).steps) == ["TransformerUnion", "Keep"]


def test_isinstance_sees_through():
    inner = Seen() | Keep()
    outer = Seen() | compose.Pipeline(inner)
    assert isinstance(outer, base.Regressor) and not isinstance(outer, base.Classifier)
    assert isinstance(Seen() | compose.Select("a"), base.Transformer)
    assert not isinstance(compose.Pipeline(), base.Regressor)


def test_cloned_changed_and_copied():
    model = (Seen() + TargetSum()) | Keep(l2=1)
    model.learn_one({}, 4)
    clone = model.clone({"Keep": {"l2": 2}})
    assert clone[-1].l2 == 2 and clone[-1].learned == [] and clone[0][1].total == 0
    whole = model.clone(include_attributes=True)
    assert whole[0]["TargetSum"].total == 4 and whole[-1].learned == model[-1].learned
    assert model.clone({"Keep": (keep := Keep())})[-1] is keep
    assert copy.deepcopy(model).predict_one({}) == model.predict_one({}) == 5
    model.mutate({"TransformerUnion": {"Seen": {"name": "seen"}}})
    assert model.transform_one({}) == {"total": 4, "seen": 1}
    with pytest.raises(ValueError, match="'l2' is not a mutable attribute of Keep"):
        model.mutate({"Keep": {"l2": 3}})


def test_a_step_that_is_added_later_takes_part():
    model = Seen() | Keep()
    model.learn_one({}, 1)
    model = compose.Prefixer("p_") | model
    model.learn_one({"a": 1}, 1)
    assert model[-1].learned[-1][0] == {"p_a": 1, "n": 2}
    union = Seen() + Seen("late")
    model = union | Keep()
    model.learn_one({}, 1)
    assert union + TargetSum() is union
    for _ in range(2):
        model.learn_one({}, 1)
    assert model[-1].learned[-1][0] == {"n": 3, "late": 3, "total": 1}


def test_extra_arguments():
    assert _method_params(Keep(), "learn_one") == frozenset({"w"})
    assert _method_params(Keep(), "score_one") is None
    assert _route(None, {"w": 1}) == {"w": 1}
    assert _route(frozenset("t"), {"w": 1}) == {}


def test_calls_are_logged_one_by_one(caplog):
    model = Seen() | Keep()
    with caplog.at_level("DEBUG"), log_method_calls(lambda obj: type(obj) is not compose.Pipeline):
        model.learn_one({}, 1)
        model.predict_one({})
    model.learn_one({}, 1)
    assert [record.message for record in caplog.records] == [
        "Seen.learn_one", "Seen.transform_one", "Keep.learn_one",
        "Seen.transform_one", "Keep.predict_one",
    ]  # fmt: skip
    assert "__getattribute__" not in base.Base.__dict__


def test_groups_are_not_made_by_looking():
    model = Seen() * ["shop", "day"]
    model.learn_one({"shop": "a", "day": 1})
    assert model.transform_one({"shop": "b", "day": 1})["n"] == 0
    assert list(model.transformers) == ["a_1"]


def test_renaming_leaves_the_event_alone():
    x = {"a": 1, "b": 2}
    assert compose.Renamer({"a": "b", "z": "y"}).transform_one(x) == {"b": 1}
    assert x == {"a": 1, "b": 2}


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames(library):
    pytest.importorskip("narwhals")
    lib = pytest.importorskip(library)
    frame = (lib.table if library == "pyarrow" else lib.DataFrame)({"a": [1, 2], "b": [3, 4]})
    model = compose.Select("a") + compose.Select("a") * compose.Select("b")
    out = model.transform_many(frame)
    assert type(out) is type(frame)
    columns = {"pyarrow": lambda: out.to_pydict(), "pandas": lambda: out.to_dict("list")}
    found = columns.get(library, lambda: out.to_dict(as_series=False))()
    assert found == {"a": [1, 2], "a*b": [3, 8]}


def test_sparse_columns_stay_sparse():
    pytest.importorskip("narwhals")
    pd = pytest.importorskip("pandas")
    a = pd.arrays.SparseArray([0, 2, 0], fill_value=0)
    frame = pd.DataFrame({"a": a, "b": [1.5, 2.5, 3.5]}, index=[7, 8, 9])
    out = (compose.Select("b") * compose.Select("a")).transform_many(frame)
    assert out["b*a"].dtype == pd.SparseDtype("float64", 0)
    assert list(out["b*a"]) == [0, 5, 0] and list(out.index) == [7, 8, 9]
