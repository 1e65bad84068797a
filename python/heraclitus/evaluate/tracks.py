"""Tracks: several streams and what models are judged by on them."""

from __future__ import annotations

import datetime as dt
import statistics
import time
import typing
from collections.abc import Iterator

from .forecasting import iter_evaluate
from .progressive_validation import iter_progressive_val_score


def _datasets(*names: str) -> list[typing.Any]:
    """Data sets by their names."""
    try:
        from heraclitus import datasets

        return [getattr(datasets, name)() for name in names]
    except (ImportError, AttributeError) as error:
        raise ImportError(
            f"this track needs the data sets {', '.join(names)}, which are not all part of the "
            "package; give yours to `evaluate.Track`"
        ) from error


class Track:
    """Data sets and a metric; `run` says how a model does on one of them.

    Parameters
    ----------
    name
        The name of the track.
    datasets
        Its data sets, each with `n_samples`.
    metric
        A metric, or several added up.
    """

    def __init__(self, name: str, datasets: list[typing.Any], metric: typing.Any) -> None:
        self.name = name
        self.datasets = datasets
        self.metric = metric

    def __iter__(self) -> Iterator[typing.Any]:
        yield from self.datasets

    def run(
        self, model: typing.Any, dataset: typing.Any, n_checkpoints: int = 10
    ) -> Iterator[dict[str, typing.Any]]:
        """Yields how a clone of the model stands, with time and memory.

        Parameters
        ----------
        model
            What is judged.
        dataset
            One of the track's data sets.
        n_checkpoints
            How many times to yield.
        """
        yield from iter_progressive_val_score(
            dataset=dataset,
            model=model.clone(),
            metric=self.metric.clone(),
            step=dataset.n_samples // n_checkpoints,
            measure_time=True,
            measure_memory=True,
        )


class BinaryClassificationTrack(Track):
    """Accuracy and F1 on data sets with two classes."""

    def __init__(self) -> None:
        from heraclitus import metrics

        super().__init__(
            name="Binary classification",
            datasets=_datasets("Bananas", "Elec2", "Phishing", "SMTP"),
            metric=metrics.Accuracy() + metrics.F1(),
        )


class MultiClassClassificationTrack(Track):
    """Accuracy and the two averages of F1 on data sets with several classes."""

    def __init__(self) -> None:
        from heraclitus import metrics

        super().__init__(
            name="Multiclass classification",
            datasets=_datasets("ImageSegments", "Insects", "Keystroke"),
            metric=metrics.Accuracy() + metrics.MicroF1() + metrics.MacroF1(),
        )


class RegressionTrack(Track):
    """MAE, RMSE and R2 on data sets whose target is a number."""

    def __init__(self) -> None:
        from heraclitus import metrics

        super().__init__(
            name="Regression",
            datasets=_datasets("ChickWeights", "TrumpApproval"),
            metric=metrics.MAE() + metrics.RMSE() + metrics.R2(),
        )


class ForecastingTrack(Track):
    """The mean MAE over a year of months and a day of hours."""

    def __init__(self) -> None:
        from heraclitus import metrics

        series = _datasets("AirlinePassengers", "WaterFlow")
        super().__init__(name="Forecasting", datasets=series, metric=metrics.MAE())
        self.horizons = {type(dataset): ahead for dataset, ahead in zip(series, (12, 24))}

    def run(
        self, model: typing.Any, dataset: typing.Any, n_checkpoints: int = 10
    ) -> Iterator[dict[str, typing.Any]]:
        """Yields how a clone of the forecaster stands, with time and memory.

        Parameters
        ----------
        model
            What is judged.
        dataset
            One of the track's data sets.
        n_checkpoints
            How many times to yield.
        """
        horizon = self.horizons.get(type(dataset))
        if horizon is None:
            raise ValueError(f"No horizon configured for {type(dataset).__name__}")
        every = max(1, (dataset.n_samples - 2 * horizon) // n_checkpoints)
        start, model = time.perf_counter(), model.clone()
        metric = self.metric.clone()
        steps = iter_evaluate(dataset, model, metric, horizon, statistics.mean)
        for step, (*_, horizon_metric) in enumerate(steps, start=1):
            if step % every == 0:
                yield {
                    type(horizon_metric).__name__: horizon_metric,
                    "Step": step,
                    "Time": dt.timedelta(seconds=time.perf_counter() - start),
                    "Memory": model._raw_memory_usage,
                }
