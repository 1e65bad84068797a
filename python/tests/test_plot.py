"""Pictures hold the numbers of the moment that they stand for."""

import sys

import pytest

from heraclitus import plot


class Count:
    def __init__(self):
        self.value = 0

    def get(self):
        return self.value


def states(ends):
    """A course whose metric is one object that goes on changing, as in an evaluation."""
    metric = Count()
    for step in range(2, ends + 1, 2):
        metric.value = step * step
        yield {"Count": metric, "Step": step, "Memory": 1}


@pytest.fixture
def axes():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    yield pyplot.subplots()[1]
    pyplot.close("all")


def test_models_are_compared(axes):
    ax = plot.metric({"short": states(4), "long": states(6)}, ax=axes, live=True)
    assert ax is axes and ax.get_ylabel() == "Count"
    short, long = ax.lines
    assert short.get_label() == "short" and short.get_ydata() == [4.0, 16.0]
    assert long.get_xdata() == [2, 4, 6] and long.get_ydata() == [4.0, 16.0, 36.0]


def test_the_largest_weights_are_drawn(axes):
    class Model:
        weights = {"a": 0.5, "b": -2.0, "c": 1.0}

    ax = plot.weights(states(4), Model(), top=2, ax=axes, live=True)
    assert sorted(line.get_label() for line in ax.lines[1:]) == ["b", "c"]
    with pytest.raises(ValueError, match="has no weights"):
        plot.weights(states(4), Count(), ax=axes)
    with pytest.raises(ValueError, match="top is 0"):
        plot.weights(states(4), Model(), top=0, ax=axes)


def test_without_matplotlib_an_error_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        plot.metric(states(4))
