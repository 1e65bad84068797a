"""Dicts as vectors, windows and grids, with what River gives for the same calls."""

import collections
import copy
import datetime as dt
import math
import pickle

import pytest

from heraclitus import compose, utils
from heraclitus.utils import VectorDict
from heraclitus.utils.vectordict import lazy_search_euclidean


def test_vectors_take_missing_numbers_as_zero():
    a, b = VectorDict({"a": 1, "b": -5, "c": -3}), VectorDict({"a": 2, "b": 0.5, "d": 4})
    assert a + b == {"a": 3, "b": -4.5, "c": -3, "d": 4}
    assert list((b - a).items()) == [("a", 1.0), ("b", 5.5), ("d", 4.0), ("c", 3.0)]
    assert a @ b == b @ a == -0.5
    assert 2 - a == {"a": 1, "b": 7, "c": 5} and 2 / a == {"a": 2, "b": -0.4, "c": -2 / 3}
    assert (a**0.5)["b"] != (a**0.5)["b"] and VectorDict({"x": 0}) ** -1 == {"x": math.inf}
    with pytest.raises(ZeroDivisionError):
        a /= b
    # What failed has changed nothing.
    assert a == {"a": 1, "b": -5, "c": -3}


def test_a_mask_hides_and_protects():
    data = {"a": 1.0, "b": 2.0}
    shown = VectorDict(data, mask={"a"})
    shown += VectorDict({"a": 3, "b": 4})
    assert data == {"a": 4.0, "b": 2.0} and len(shown) == 1 and "b" not in shown
    for write in (lambda: shown["b"], lambda: shown.__setitem__("b", 1), lambda: shown.pop("b")):
        with pytest.raises(KeyError):
            write()
    assert shown.pop("b", None) is None and shown.get("b", 7) == 7
    shown.clear()
    assert data == {"b": 2.0}


def test_a_factory_fills_what_is_asked_for():
    numbers = iter(range(10))
    data = {"a": 1.0}
    filled = VectorDict(data, default_factory=lambda: next(numbers))
    assert filled @ VectorDict({"b": 2, "c": 3}) == 3.0 and data == {"a": 1.0, "b": 0.0, "c": 1.0}
    assert filled["d"] == 2.0 and "e" not in filled


def test_vectors_are_copied_and_pickled():
    vector = VectorDict({"a": 1, "b": 2}, mask=["a"])
    for twin in (copy.deepcopy(vector), pickle.loads(pickle.dumps(vector))):
        twin["a"] = 9
        assert twin == {"a": 9} and vector == {"a": 1}
    assert VectorDict.from_scaled({"a": 2.0}, 0.5).update_ema(
        VectorDict({"a": 3, "b": 2}), 0.5, square=True
    ) == {"a": 5.0, "b": 2.0}
    for value in ("1", 1j, None):
        with pytest.raises(TypeError, match="real numbers"):
            VectorDict({"a": value})


def test_the_nearest_come_first():
    window = [(({"x": x}, name), None) for name, x in zip("abc", (5.0, 1.0, 3.0))]
    items, distances = lazy_search_euclidean(({"x": 2.0},), window, 2)
    assert [name for _, name in items] == ["b", "c"] and distances == [1.0, 1.0]


class Total:
    def __init__(self):
        self.values = collections.Counter()

    def update(self, x):
        self.values[x] += 1

    def revert(self, x):
        self.values[x] -= 1

    def kept(self):
        return sorted(self.values.elements())


def test_windows_take_back_what_is_old():
    rolling = utils.Rolling(Total, window_size=2)
    for x in (1, 2, 3):
        rolling.update(x)
    assert rolling.kept() == [2, 3] and copy.deepcopy(rolling).kept() == [2, 3]
    latest = utils.TimeRolling(Total, period=dt.timedelta(days=2))
    start = dt.datetime(2026, 1, 1)
    for day in (0, 2, 1, 3):
        latest.update(day, t=start + dt.timedelta(days=day))
    assert latest.kept() == [2, 3]
    with pytest.raises(ValueError, match="update and a revert"):
        utils.Rolling(dict, window_size=2)
    with pytest.raises(TypeError, match="instance"):
        utils.Rolling(Total(), window_size=2, ddof=0)


def test_grids_say_what_is_wrong_with_them():
    model = compose.Prefixer("a") | compose.Suffixer("b")
    (same,) = utils.expand_param_grid(model, {})
    assert repr(same) == repr(model)
    swapped = {"Suffixer": [compose.Suffixer("c"), (compose.Prefixer, {"prefix": ["d", "e"]})]}
    last = [m["Suffixer"] for m in utils.expand_param_grid(model, swapped)]
    assert [type(step).__name__ for step in last] == ["Suffixer", "Prefixer", "Prefixer"]
    for grid, what in (({1: [2]}, "name"), ({"a": 2}, "int"), ({"a": ("b", {})}, "class")):
        with pytest.raises(ValueError, match=what):
            utils.expand_param_grid(model, grid)
