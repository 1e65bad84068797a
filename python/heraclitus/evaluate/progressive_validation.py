"""Progressive validation: predict, compare, learn, one event after the other."""

from __future__ import annotations

import datetime as dt
import time
import typing
from collections.abc import Callable, Iterable, Iterator

from heraclitus import base, stream, utils

from ._closures import closures
from ._loaded import is_a

__all__ = ["iter_progressive_val_score", "progressive_val_score"]

Moment = str | Callable[[dict], typing.Any] | None
Delay = str | int | dt.timedelta | Callable[..., typing.Any] | None


def _is_active(model: typing.Any) -> bool:
    """Whether a model says itself which labels it wants."""
    return is_a(model, "active.base", "ActiveLearningClassifier")


class _Reports:
    """Counts answers and says at which of them there is something to show."""

    def __init__(
        self,
        model: typing.Any,
        metric: typing.Any,
        step: int,
        measure_time: bool,
        measure_memory: bool,
        yield_predictions: bool,
    ) -> None:
        several = is_a(metric, "metrics.base", "Metrics")
        self.metrics = list(metric) if several else [metric]
        self.model, self.step = model, step
        self.start = time.perf_counter() if measure_time else None
        self.memory, self.predictions = measure_memory, yield_predictions
        self.active = _is_active(model)
        self.answers = self.learned = 0

    def due(self) -> bool:
        """Counts one more answer."""
        self.answers += 1
        return bool(self.step) and self.answers % self.step == 0

    def last_is_missing(self) -> bool:
        """Whether the stream ended between two reports, the first of which was made."""
        return bool(self.step) and self.answers > self.step and self.answers % self.step != 0

    def report(self, y_pred: typing.Any) -> dict[str, typing.Any]:
        state: dict[str, typing.Any] = {type(metric).__name__: metric for metric in self.metrics}
        state["Step"] = self.answers
        if self.active:
            state["Samples used"] = self.learned
        if self.start is not None:
            state["Time"] = dt.timedelta(seconds=time.perf_counter() - self.start)
        if self.memory:
            state["Memory"] = self.model._raw_memory_usage
        if self.predictions:
            state["Prediction"] = y_pred
        return state


def _params(extra: list[typing.Any]) -> tuple[typing.Any, dict[str, typing.Any]]:
    """The weight and the other arguments that came with an event."""
    if not extra:
        return None, {}
    # A copy: the stream may be a list that is gone through again.
    params = dict(extra[0])
    return params.pop("w", None), params


def _at_once(
    dataset: Iterable[typing.Any], model: typing.Any, metric: typing.Any, reports: _Reports
) -> Iterator[dict[str, typing.Any]]:
    """Each label comes with its event."""
    predict, update, shown, learn = closures(model, metric)
    extra: list[typing.Any]
    for x, y, *extra in dataset:
        w, params = _params(extra)
        y_pred = predict(x, **params)
        update(x, y, y_pred)
        learn(x, y, w, params)
        if reports.due():
            yield reports.report(shown(y_pred))


def _in_order(
    questions: Iterable[typing.Any], model: typing.Any, metric: typing.Any, reports: _Reports
) -> Iterator[dict[str, typing.Any]]:
    """Each label comes later than its event, and maybe it isn't wanted."""
    predict, update, shown, learn = closures(model, metric)
    asked: dict[int, tuple[typing.Any, bool]] = {}
    for i, x, y, *extra in questions:
        w, params = _params(extra)
        if i not in asked:
            y_pred = predict(x, **params)
            asked[i] = y_pred if reports.active else (y_pred, True)
            continue
        y_pred, wanted = asked.pop(i)
        update(x, y, y_pred)
        if wanted:
            reports.learned += 1
            learn(x, y, w, params)
        if reports.due():
            yield reports.report(shown(y_pred))


def iter_progressive_val_score(
    dataset: base.typing.Dataset,
    model: typing.Any,
    metric: typing.Any,
    moment: Moment = None,
    delay: Delay = None,
    step: int = 1,
    measure_time: bool = False,
    measure_memory: bool = False,
    yield_predictions: bool = False,
) -> Iterator[dict[str, typing.Any]]:
    """Does what `progressive_val_score` does, and yields how it stands every so often.

    Parameters
    ----------
    dataset
        A stream of `(x, y)`, or of `(x, y, params)` with a dict of further arguments for the
        model's methods. `w` among them is the weight, for models that take one.
    model
        What predicts and learns.
    metric
        What the predictions are judged by.
    moment
        When an event happens, as for `stream.simulate_qa`.
    delay
        How long its label takes, as for `stream.simulate_qa`.
    step
        After how many answers to yield. When the stream ends in between, the end is yielded too.
    measure_time
        Whether to say how long it has taken.
    measure_memory
        Whether to say how many bytes the model has.
    yield_predictions
        Whether to give the latest prediction.

    Examples
    --------

    >>> from heraclitus import evaluate, linear_model, metrics
    >>> events = [({"x": i}, i % 2 == 0) for i in range(6)]
    >>> model = linear_model.LogisticRegression()
    >>> for state in evaluate.iter_progressive_val_score(events, model, metrics.Accuracy(), step=4):
    ...     print(state)
    {'Accuracy': Accuracy: 0.00%, 'Step': 4}
    {'Accuracy': Accuracy: 0.00%, 'Step': 6}
    """
    if not metric.works_with(model):
        raise ValueError(f"{type(metric).__name__} metric is not compatible with {model}")
    reports = _Reports(model, metric, step, measure_time, measure_memory, yield_predictions)
    if moment is None and delay is None and not reports.active:
        yield from _at_once(dataset, model, metric, reports)
    else:
        questions = stream.simulate_qa(dataset, moment, delay, copy=True)
        yield from _in_order(questions, model, metric, reports)
    if reports.last_is_missing():
        yield reports.report(None)


def progressive_val_score(
    dataset: base.typing.Dataset,
    model: typing.Any,
    metric: typing.Any,
    moment: Moment = None,
    delay: Delay = None,
    print_every: int = 0,
    show_time: bool = False,
    show_memory: bool = False,
    *,
    progress: bool = False,
    **print_kwargs: typing.Any,
) -> typing.Any:
    """Judges a model as if it had been in use from the first event on.

    The model predicts an event, the metric is told, and only then the model learns from it. With a
    `delay`, the model predicts without the labels that would not have been known yet.

    Parameters
    ----------
    dataset
        A stream of `(x, y)`, or of `(x, y, params)` with a dict of further arguments for the
        model's methods. `w` among them is the weight, for models that take one.
    model
        What predicts and learns.
    metric
        What the predictions are judged by.
    moment
        When an event happens, as for `stream.simulate_qa`.
    delay
        How long its label takes, as for `stream.simulate_qa`.
    print_every
        After how many answers to print the metric; 0 prints nothing.
    show_time
        Whether to print how long it has taken.
    show_memory
        Whether to print the memory of the model.
    progress
        Whether to show a bar, in a terminal or a notebook. It needs `tqdm`.
    print_kwargs
        Arguments for `print`, such as `file`.

    Examples
    --------

    >>> from heraclitus import evaluate, linear_model, metrics
    >>> events = [({"x": x}, 2.0 * x) for x in [1, 2, 1, 2, 1]]
    >>> model = linear_model.LinearRegression()
    >>> evaluate.progressive_val_score(events, model, metrics.MAE(), print_every=2)
    [2] MAE: 2.94
    [4] MAE: 2.739492
    [5] MAE: 2.474847
    MAE: 2.474847
    """
    steps = iter_progressive_val_score(
        dataset=_with_bar(dataset) if progress else dataset,
        model=model,
        metric=metric,
        moment=moment,
        delay=delay,
        step=print_every,
        measure_time=show_time,
        measure_memory=show_memory,
    )
    for state in steps:
        parts = [f"[{state['Step']:,d}] {metric}"]
        if "Samples used" in state:
            parts.append(f"{state['Samples used']:,d} samples used")
        if show_time:
            minutes, seconds = divmod(int(state["Time"].total_seconds()), 60)
            parts.append(f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}")
        if show_memory:
            parts.append(utils.pretty.humanize_bytes(state["Memory"]))
        print(" – ".join(parts), **print_kwargs)
    return metric


def _with_bar(dataset: typing.Any) -> Iterable[typing.Any]:
    """The same stream with a bar that shows how far it is."""
    try:
        from tqdm import auto
    except ImportError as error:
        raise ImportError("a progress bar needs `tqdm`: pip install tqdm") from error
    total = getattr(dataset, "n_samples", None)
    if total is None and hasattr(dataset, "__len__"):
        total = len(dataset)
    return auto.tqdm(dataset, total=total, unit=" events")
