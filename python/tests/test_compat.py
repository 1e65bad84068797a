"""Models go to scikit-learn and back; without it an error says what is needed."""

import subprocess
import sys

import pytest

from heraclitus import base, compat


def test_without_scikit_learn_the_module_still_loads():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from heraclitus import compat\n"
        "try: compat.convert_river_to_sklearn\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "compat.convert_river_to_sklearn needs `scikit-learn`" in done.stdout


class Majority(base.Classifier):
    """Predicts the share of the classes so far."""

    def __init__(self):
        self.counts = {}

    def learn_one(self, x, y):
        self.counts[y] = self.counts.get(y, 0) + 1

    def predict_proba_one(self, x):
        return {y: count / sum(self.counts.values()) for y, count in self.counts.items()}


def test_ours_there():
    sklearn_base = pytest.importorskip("sklearn.base")
    model = Majority()
    wrapped = compat.convert_river_to_sklearn(model)
    assert isinstance(wrapped, sklearn_base.ClassifierMixin) and isinstance(wrapped, base.Wrapper)
    wrapped.fit([[1], [2], [3], [4]], ["yes", "no", "yes", "yes"])
    assert wrapped.predict([[5]]).tolist() == ["yes"] and model.counts == {}
    # Columns in the order of the classes; River gives 0 for classes that are no numbers.
    assert wrapped.predict_proba([[5]]).tolist() == [[0.25, 0.75]]
    other = sklearn_base.clone(wrapped).partial_fit([[1]], ["yes"], classes=["yes", "no"])
    assert other.predict_proba([[5]]).tolist() == [[1.0, 0.0]]
    with pytest.raises(ValueError, match="classes should include"):
        other.partial_fit([[1], [2]], ["yes", "maybe"])


def test_theirs_here():
    linear_model = pytest.importorskip("sklearn.linear_model")
    model = compat.convert_sklearn_to_river(linear_model.SGDRegressor(random_state=1))
    assert isinstance(model, base.Regressor) and model.predict_one({"a": 1, "b": 2}) == 0
    for _ in range(500):
        model.learn_one({"a": 1, "b": 2}, 3)
    # By name, not by place.
    assert model.predict_one({"b": 2, "a": 1}) == pytest.approx(3, abs=0.1)
    assert type(model.predict_one({"a": 1, "b": 2})) is float
    assert model.clone().predict_one({"a": 1, "b": 2}) == 0
    with pytest.raises(ValueError, match="classes must be provided"):
        compat.convert_sklearn_to_river(linear_model.SGDClassifier())
    with pytest.raises(ValueError, match="partial_fit"):
        compat.convert_sklearn_to_river(linear_model.Ridge())
