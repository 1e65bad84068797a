"""How good a forecaster is at each step ahead."""

from __future__ import annotations

import collections
import typing
from collections.abc import Callable, Iterator

from heraclitus import base

__all__ = ["evaluate", "iter_evaluate"]

Aggregate = Callable[[list[float]], float] | None


def _iter_with_horizon(dataset: base.typing.Dataset, horizon: int) -> Iterator[typing.Any]:
    """Each event, and the features and targets of the next `horizon` ones.

    Examples
    --------

    >>> from heraclitus.evaluate.forecasting import _iter_with_horizon
    >>> series = [({"t": t}, t * t) for t in range(4)]
    >>> for x, y, xs, ys in _iter_with_horizon(series, horizon=2):
    ...     print(x, y, list(xs), list(ys))
    {'t': 0} 0 [{'t': 1}, {'t': 2}] [1, 4]
    {'t': 1} 1 [{'t': 2}, {'t': 3}] [4, 9]
    """
    xs: collections.deque[typing.Any] = collections.deque()
    ys: collections.deque[typing.Any] = collections.deque()
    for x, y in dataset:
        xs.append(x)
        ys.append(y)
        if len(xs) > horizon:
            now = xs.popleft(), ys.popleft()
            yield *now, xs, ys


def iter_evaluate(
    dataset: base.typing.Dataset,
    model: typing.Any,
    metric: typing.Any,
    horizon: int,
    agg_func: Aggregate = None,
) -> Iterator[tuple[typing.Any, ...]]:
    """Does what `evaluate` does, and yields `(x, y, forecast, metric)` at every step.

    Parameters
    ----------
    dataset
        A time series.
    model
        A forecaster.
    metric
        A metric of regression.
    horizon
        How many steps ahead are forecast.
    agg_func
        Makes one figure of those of all steps ahead, such as `statistics.mean`.
    """
    from heraclitus import time_series

    if agg_func:
        horizon_metric = time_series.HorizonAggMetric(metric, agg_func)
    else:
        horizon_metric = time_series.HorizonMetric(metric)
    for i, (x, y, xs, ys) in enumerate(_iter_with_horizon(dataset, horizon)):
        # The first events are only there to learn from.
        if i < horizon:
            model.learn_one(y=y, x=x)
            continue
        y_pred = model.forecast(horizon, xs=xs)
        horizon_metric.update(ys, y_pred)
        model.learn_one(y=y, x=x)
        yield x, y, y_pred, horizon_metric


def evaluate(
    dataset: base.typing.Dataset,
    model: typing.Any,
    metric: typing.Any,
    horizon: int,
    agg_func: Aggregate = None,
) -> typing.Any:
    """Judges a forecaster: at each step it says what the next `horizon` values will be.

    Parameters
    ----------
    dataset
        A time series.
    model
        A forecaster.
    metric
        A metric of regression.
    horizon
        How many steps ahead are forecast.
    agg_func
        Makes one figure of those of all steps ahead, such as `statistics.mean`.
    """
    horizon_metric = None
    for *_, horizon_metric in iter_evaluate(dataset, model, metric, horizon, agg_func):
        pass
    if horizon_metric is None:
        raise ValueError(f"a horizon of {horizon} needs more than {2 * horizon} events")
    return horizon_metric
