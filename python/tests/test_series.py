"""Statistics, metrics and drift detectors take what River's take and say what River's say."""

import copy
import pickle

import pytest
from heraclitus import drift, linear_model, metrics, stats, utils

WORDS = ["cat", "ant", "cat", "cat", "ant", "bird"]
GUESSES = ["ant", "ant", "cat", "cat", "ant", "cat"]


def told(metric, w=1.0):
    for y_true, y_pred in zip(WORDS, GUESSES, strict=True):
        metric.update(y_true, y_pred, w)
    return metric


def test_whole_numbers_stay_whole_until_another_one_comes():
    for stat in (stats.Max(), stats.Min(), stats.AbsMax(), stats.RollingMax(3), stats.Mode()):
        stat.update(3)
        assert type(stat.get()) is int
        again = pickle.loads(pickle.dumps(stat))
        again.update(3.0)
        assert type(again.get()) is float
        assert type(stat.get()) is int


@pytest.mark.parametrize("stat", [stats.Mode(), stats.RollingMode(4), stats.Shift(0)])
def test_values_of_any_kind(stat):
    for value in [None, ("a", 1), "text", "text", 2.5]:
        stat.update(value)
    last = 2.5 if isinstance(stat, stats.Shift) else "text"
    assert stat.get() == last
    assert copy.deepcopy(stat).get() == last
    stat = stat.clone()
    stat.update(("a", 1))
    assert stat.get() == ("a", 1)


def test_means_and_variances_can_be_put_together_and_taken_apart():
    for make in (stats.Mean, stats.Var, stats.SEM):
        left, right, both = make(), make(), make()
        for i in range(10):
            side = left if i < 4 else right
            side.update(i * i, i + 1)
            both.update(i * i, i + 1)
        assert (left + right).get() == pytest.approx(both.get())
        assert (both - right).get() == pytest.approx(left.get())
        assert both.n == 55.0


def test_more_than_there_was_is_not_taken_back():
    mean = stats.Mean()
    mean.update(1.0)
    with pytest.raises(ValueError, match="more is taken back"):
        mean.revert(1.0, 2.0)
    assert mean.get() == 1.0
    assert not hasattr(stats.Quantile(), "revert")
    with pytest.raises(TypeError, match="no weights"):
        stats.Quantile().update(1.0, 2.0)


def test_the_confusion_matrix_of_a_metric_is_live():
    metric = told(metrics.Accuracy())
    matrix = metric.cm
    assert (matrix["bird"]["cat"], matrix.n_samples) == (1.0, 6)
    metric.update("bird", "bird")
    assert matrix["bird"]["bird"] == 1.0
    assert metric.get() == pytest.approx(5 / 7)
    metric.revert("bird", "bird")
    assert metric.get() == pytest.approx(4 / 6)


def test_a_shared_matrix_is_counted_once():
    matrix = metrics.ConfusionMatrix()
    shared = [metrics.MacroF1(cm=matrix), metrics.F1(cm=matrix, pos_val="cat")]
    told(matrix)
    assert [m.get() for m in shared] == [told(metrics.MacroF1()).get(), pytest.approx(2 / 3)]
    pair = pickle.loads(pickle.dumps(shared))
    assert pair[0].cm is pair[1].cm
    assert shared[0].clone().cm is not matrix


@pytest.mark.parametrize("one", [1, True, 1.0])
def test_true_and_1_are_one_label(one):
    metric = metrics.Precision()
    metric.update(0, 0)
    metric.update(one, one)
    metric.update(0, True)
    assert metric.get() == 0.5


def test_copies_know_what_was_told():
    metric = told(metrics.CohenKappa())
    for other in (
        copy.deepcopy(metric),
        pickle.loads(pickle.dumps(metric)),
        metric.clone(include_attributes=True),
    ):
        assert other.get() == metric.get()
        assert repr(other.cm) == repr(metrics.ConfusionMatrix._of_pairs(*metric._pairs))
    assert metric.clone().get() == 0.0


def test_several_metrics_get_labels_or_probabilities_as_each_takes_them():
    both = metrics.Accuracy() + metrics.LogLoss()
    both.update(True, {False: 0.25, True: 0.75})
    assert repr(both) == "Accuracy: 100.00%\nLogLoss: 0.2876820724517809"
    assert both.works_with(linear_model.LogisticRegression())
    assert not metrics.MAE().works_with(linear_model.LogisticRegression())
    with pytest.raises(ValueError, match="do not take the same predictions"):
        metrics.MSE() + metrics.LogLoss()


def test_metrics_of_a_window():
    metric = utils.Rolling(metrics.Accuracy, window_size=2)
    for y_true, y_pred in [(1, 0), (1, 1), (0, 0)]:
        metric.update(y_true, y_pred)
    assert metric.get() == 1.0


def test_adwin_shows_its_window():
    adwin = drift.ADWIN()
    for i in range(100):
        adwin.update(i % 2)
    assert (adwin.width, adwin.total, adwin.n_detections) == (100, 50.0, 0)
    assert adwin.estimation == 0.5
    assert copy.deepcopy(adwin).width == 100
    assert adwin.clone().width == 0


@pytest.mark.parametrize("name", ["DDM", "EDDM", "HDDMA", "HDDMW"])
def test_detectors_of_errors_warn_and_report(name):
    detector = getattr(drift.binary, name)()
    seen = set()
    for i in range(2000):
        detector.update(i % 10 < (1 if i < 1000 else 7))
        if detector.drift_detected:
            seen.add("drift")
        if detector.warning_detected:
            seen.add("warning")
    assert "drift" in seen
