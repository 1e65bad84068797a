"""Pictures of how learning goes, drawn by matplotlib while it goes or afterwards.

matplotlib is loaded when something is drawn.
"""

from __future__ import annotations

import itertools
import sys
import time
import typing
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["metric", "weights"]

Steps = Iterable[dict[str, typing.Any]]

# What a step holds beside metrics.
_NO_METRICS = {"Step", "Samples used", "Time", "Memory", "Prediction"}
# The seconds between two pictures when drawing live.
_PAUSE = 0.2


class _Chart:
    """Lines that grow, and are redrawn now and then."""

    def __init__(self, ax: typing.Any, live: bool) -> None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError("plots need `matplotlib`: pip install matplotlib") from error
        self.pyplot = pyplot
        self.ax = pyplot.subplots(figsize=(8, 4.5), layout="constrained")[1] if ax is None else ax
        self.ax.set_xlabel("events")
        self.ax.grid(visible=True, alpha=0.3)
        self.lines: dict[str, typing.Any] = {}
        self.points: dict[str, tuple[list[float], list[float]]] = {}
        self.live, self.drawn_at, self.shown = live, 0.0, None

    def add(self, name: str, x: float, y: float) -> None:
        """One more point of a line."""
        xs, ys = self.points.setdefault(name, ([], []))
        xs.append(x)
        ys.append(y)

    def tick(self) -> None:
        """Redraws when it is time to."""
        if self.live and time.monotonic() - self.drawn_at >= _PAUSE:
            self.draw()
            self._show()
            self.drawn_at = time.monotonic()

    def draw(self) -> None:
        """Brings the lines up to their latest points."""
        for name, (xs, ys) in self.points.items():
            if name not in self.lines:
                (self.lines[name],) = self.ax.plot([], [], label=name, linewidth=1.6)
            self.lines[name].set_data(xs, ys)
        self.ax.relim()
        self.ax.autoscale_view()

    def _show(self) -> None:
        figure = self.ax.figure
        display = _notebook_display()
        if display is None:
            # Gives a window time to draw; without one it does nothing.
            if self.pyplot.get_fignums() and _has_window(self.pyplot):
                self.pyplot.pause(0.001)
        elif self.shown is None:
            self.shown = display(figure, display_id=True)
        else:
            self.shown.update(figure)

    def finish(self, legend: bool) -> typing.Any:
        """The axes with all that there is."""
        self.draw()
        if legend and self.lines:
            self.ax.legend(frameon=False)
        if self.live:
            self._show()
            if self.shown is not None:
                # A notebook would show the figure once more at the end of the cell.
                self.pyplot.close(self.ax.figure)
        return self.ax


def _notebook_display() -> typing.Any:
    """What shows things in a notebook, if this is one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    return display


def _has_window(pyplot: typing.Any) -> bool:
    return pyplot.get_backend().lower() not in ("agg", "pdf", "svg", "ps", "cairo", "template")


def _values(state: dict[str, typing.Any]) -> Iterator[tuple[str, float]]:
    """The metrics of a step as numbers, which they are at this moment only."""
    for name, value in state.items():
        if name not in _NO_METRICS:
            yield name, float(value.get())


def metric(
    steps: Steps | Mapping[str, Steps], *, ax: typing.Any = None, live: bool = False
) -> typing.Any:
    """Draws how metrics develop.

    Parameters
    ----------
    steps
        What `evaluate.iter_progressive_val_score` gives. To compare models, a dict of that by
        their names; they take turns, each one step.
    ax
        The axes to draw on; new ones when left out.
    live
        Whether to redraw while it goes, in a window or a notebook.

    Returns
    -------
    The axes.

    Examples
    --------

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from heraclitus import evaluate, linear_model, metrics, plot
    >>> events = [({"x": x}, 2.0 * x) for x in [1, 2] * 20]
    >>> def steps(model):
    ...     return evaluate.iter_progressive_val_score(events, model, metrics.MAE(), step=5)
    >>> ax = plot.metric({
    ...     "linear": steps(linear_model.LinearRegression()),
    ...     "passive-aggressive": steps(linear_model.PARegressor()),
    ... })
    >>> [line.get_label() for line in ax.lines]
    ['linear', 'passive-aggressive']
    """
    chart = _Chart(ax, live)
    runs = steps if isinstance(steps, Mapping) else {"": steps}
    kinds: dict[str, None] = {}
    for states in itertools.zip_longest(*runs.values()):
        for run, state in zip(runs, states):
            if state is None:
                continue
            values = list(_values(state))
            for kind, value in values:
                kinds[kind] = None
                parts = [run, kind] if run and len(values) > 1 else [run or kind]
                chart.add(", ".join(parts), state["Step"], value)
        chart.tick()
    chart.ax.set_ylabel(" and ".join(kinds))
    return chart.finish(legend=len(chart.points) > 1)


def _weights(model: typing.Any) -> dict[typing.Any, float]:
    """The weights of a model, or of the last step of a pipeline."""
    last = getattr(model, "_last_step", None)
    found = getattr(model if last is None else last, "weights", None)
    if found is None:
        raise ValueError(f"{model} has no weights")
    return dict(found)


def weights(
    steps: Steps,
    model: typing.Any,
    *,
    top: int = 10,
    ax: typing.Any = None,
    live: bool = False,
) -> typing.Any:
    """Draws how the weights of a linear model develop.

    Parameters
    ----------
    steps
        What `evaluate.iter_progressive_val_score` gives for the model.
    model
        The model itself, or a pipeline that ends in it.
    top
        How many features to draw: those with the largest weights in the end.
    ax
        The axes to draw on; new ones when left out.
    live
        Whether to redraw while it goes. All features are drawn until the end then.

    Returns
    -------
    The axes.

    Examples
    --------

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from heraclitus import evaluate, linear_model, metrics, plot
    >>> model = linear_model.LinearRegression()
    >>> events = [({"a": x, "b": 1 - x}, 3.0 * x) for x in [0, 1] * 50]
    >>> steps = evaluate.iter_progressive_val_score(events, model, metrics.MAE(), step=10)
    >>> ax = plot.weights(steps, model, top=1)
    >>> [line.get_label() for line in ax.lines if not line.get_label().startswith("_")]
    ['a']
    """
    if top < 1:
        raise ValueError(f"top is {top}, it must be 1 or more")
    chart = _Chart(ax, live)
    chart.ax.axhline(0, color="0.6", linewidth=0.8)
    for state in steps:
        for feature, weight in _weights(model).items():
            chart.add(str(feature), state["Step"], float(weight))
        chart.tick()
    largest = sorted(chart.points, key=lambda name: -abs(chart.points[name][1][-1]))
    for name in largest[top:]:
        del chart.points[name]
        if name in chart.lines:
            chart.lines.pop(name).remove()
    chart.ax.set_ylabel("weight")
    # From the top of the picture down.
    ends = {name: ys[-1] for name, (_, ys) in chart.points.items()}
    chart.points = {name: chart.points[name] for name in sorted(ends, key=lambda n: -ends[n])}
    return chart.finish(legend=True)
