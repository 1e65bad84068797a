"""What the leaves of a tree keep of their features, ours and River's."""

from __future__ import annotations

import math
import typing

from . import _wire as w
from ._names import Names

DIST = w.Many(w.Pair(w.CLASS, w.NUMBER))
MOMENTS = w.Row(n=w.NUMBER, mean=w.NUMBER, squares=w.NUMBER)
VALUE = w.Choice(number=w.NUMBER, text=w.TEXT)
_BORN = w.Pair(w.WHOLE, w.WHOLE)
_NUMBERS = w.Many(w.NUMBER)

COLUMNS = w.Row(
    ids=w.Many(w.FEATURE),
    born=w.Many(_BORN),
    disabled=w.Many(w.FEATURE),
    subspace=w.Many(w.FEATURE),
    events=w.WHOLE,
)
_GAUSSIANS = w.Row(
    rows=w.Many(
        w.Row(
            label=w.CLASS,
            n=_NUMBERS,
            mean=_NUMBERS,
            squares=_NUMBERS,
            min=_NUMBERS,
            max=_NUMBERS,
            slope=_NUMBERS,
            born=w.Many(w.WHOLE),
            offset=w.NUMBER,
            met=w.WHOLE,
        )
    ),
    columns=w.WHOLE,
)
_HISTOGRAM = w.Row(
    bins=w.Many(w.Row(left=w.NUMBER, right=w.NUMBER, count=w.NUMBER)), n=w.NUMBER
)
CLASS_OBSERVERS = w.Choice(
    gaussian=w.Row(n_splits=w.WHOLE, columns=_GAUSSIANS),
    histogram=w.Row(
        n_bins=w.WHOLE, n_splits=w.WHOLE, columns=w.Many(w.Many(w.Pair(w.CLASS, _HISTOGRAM)))
    ),
    exhaustive=w.Row(
        columns=w.Many(
            w.Many(w.Row(value=w.NUMBER, below=DIST, above=DIST, left=w.INDEX, right=w.INDEX))
        )
    ),
)
TARGET_OBSERVER = w.Choice(
    search=w.Row(
        nodes=w.Many(w.Row(value=w.NUMBER, below=MOMENTS, left=w.INDEX, right=w.INDEX)),
        free=w.INDEX,
        used=w.WHOLE,
        root=w.INDEX,
    ),
    slots=w.Many(w.Row(at=w.NUMBER, x_n=w.NUMBER, x_mean=w.NUMBER, y=MOMENTS)),
)

#: Of a longer text only the beginning counts.
_TEXT_MAX = 256
_HALF_LN_TAU = 0.5 * math.log(math.tau)


def nominals(counted: w.Kind) -> w.Kind:
    """Nominal attributes, with what is counted of each value."""
    values = w.Many(w.Pair(VALUE, counted))
    return w.Many(w.Row(id=w.FEATURE, born=_BORN, values=values))


def value_of(value: typing.Any) -> tuple[str, typing.Any]:
    """A nominal attribute's value."""
    if isinstance(value, str):
        return "text", value.encode()[:_TEXT_MAX].decode(errors="ignore")
    try:
        return "number", float(value) + 0.0
    except (TypeError, ValueError):
        raise TypeError(
            f"a tree met the value {value!r}, a {type(value).__name__}: here values are numbers "
            "and texts"
        ) from None


def plain(value: tuple[str, typing.Any]) -> typing.Any:
    """The value itself."""
    found = value[1]
    return int(found) if isinstance(found, float) and found.is_integer() else found


def read_var(var: typing.Any) -> dict:
    """What River's variance has learned."""
    return {"n": var.mean.n, "mean": var.mean._mean, "squares": var._S}


def new_var(state: dict) -> typing.Any:
    """River's variance."""
    from river import stats

    var = stats.Var()
    var.mean.n, var.mean._mean, var._S = state["n"], state["mean"], state["squares"]
    return var


def split_columns(leaf: typing.Any, names: Names) -> tuple[dict, list, list]:
    """A leaf's features: the columns, and the splitters of numbers and of nominal attributes.

    River's order is kept as the order in which they were born.
    """
    order = {key: i for i, key in enumerate(leaf.splitters or {})}
    number, nominal = [], []
    for key in sorted(order, key=names.feature):
        splitter = leaf.splitters[key]
        (number if splitter.is_numeric else nominal).append((key, (0, order[key]), splitter))
    columns = {
        "ids": [key for key, _, _ in number],
        "born": [born for _, born, _ in number],
        "disabled": sorted(leaf._disabled_attrs, key=names.feature),
        "subspace": getattr(leaf, "feature_indices", []),
        # The next feature comes after all of these, and the next class too.
        "events": 1 + len(order) if order else 0,
    }
    return columns, number, nominal


def read_class_observers(splitter: typing.Any, leaf: typing.Any, number: list) -> tuple:
    """The splitters of numbers in a classifier's leaf."""
    kind = type(splitter).__name__
    found = [observer for _, _, observer in number]
    if kind == "GaussianSplitter":
        columns = {"rows": _gaussians(leaf, found), "columns": len(found)}
        return "gaussian", {"n_splits": splitter.n_splits, "columns": columns}
    if kind == "HistogramSplitter":
        sizes = {"n_bins": splitter.n_bins, "n_splits": splitter.n_splits}
        return "histogram", {**sizes, "columns": [_histograms(of) for of in found]}
    if kind == "ExhaustiveSplitter":
        return "exhaustive", {"columns": [_exhaustive(of._root) for of in found]}
    raise TypeError(f"what a {kind} has learned can't be taken along")


def _gaussians(leaf: typing.Any, found: list) -> list[dict]:
    labels = dict.fromkeys(leaf.stats)
    for observer in found:
        labels.update(dict.fromkeys(observer._att_dist_per_class))
    return [row for label in labels if (row := _gaussian_row(label, found))["met"]]


def _gaussian_row(label: typing.Any, found: list) -> dict:
    row: dict = {"label": label, "met": 0}
    for name in ("n", "mean", "squares", "min", "max", "slope", "born"):
        row[name] = []
    for observer in found:
        gaussian = observer._att_dist_per_class.get(label)
        n, mean, squares, low, high, born = 0.0, 0.0, 0.0, math.inf, -math.inf, 0
        if gaussian is not None:
            var = gaussian._var
            n, mean, squares = var.mean.n, var.mean._mean, var._S
            low, high = observer._min_per_class[label], observer._max_per_class[label]
            born = list(observer._att_dist_per_class).index(label)
            row["met"] += 1
        slope = -0.5 * (n - 1.0) / squares if n > 1.0 and squares > 0.0 else 0.0
        for name, value in zip(
            ("n", "mean", "squares", "min", "max", "slope", "born"),
            (n, mean, squares, low, high, slope, born),
            strict=True,
        ):
            row[name].append(value)
    row["offset"] = _offset(row["slope"])
    return row


def _offset(slopes: list[float]) -> float:
    """The sum of what the log densities' last term is, as one logarithm of a product."""
    product, logs, count = 1.0, 0.0, 0.0
    for slope in slopes:
        if slope == 0.0:
            continue
        count += 1.0
        factor = -2.0 * slope
        if not 1e-100 <= factor < 1e100:
            logs += math.log(factor)
            continue
        product *= factor
        if not 1e-100 <= product < 1e100:
            logs += math.log(product)
            product = 1.0
    return 0.5 * (logs + math.log(product)) - count * _HALF_LN_TAU


def _histograms(observer: typing.Any) -> list[tuple]:
    return [
        (label, {"bins": [_bin(b) for b in histogram], "n": histogram.n})
        for label, histogram in observer.hists.items()
        if len(histogram)
    ]


def _bin(found: typing.Any) -> dict:
    return {"left": found.left, "right": found.right, "count": found.count}


def _walk(root: typing.Any, row: typing.Callable[[typing.Any], dict]) -> list[dict]:
    """The nodes of a binary tree, the root first."""
    found: list[dict] = []
    open_: list[tuple] = [] if root is None else [(root, None, "")]
    while open_:
        node, parent, side = open_.pop()
        if parent is not None:
            parent[side] = len(found)
        found.append({**row(node), "left": None, "right": None})
        for below, name in ((node._right, "right"), (node._left, "left")):
            if below is not None:
                open_.append((below, found[-1], name))
    return found


def _exhaustive(root: typing.Any) -> list[dict]:
    return _walk(
        root,
        lambda node: {
            "value": node.cut_point,
            "below": list(node.class_count_left.items()),
            "above": list(node.class_count_right.items()),
        },
    )


def read_target_observer(observer: typing.Any) -> tuple:
    """A splitter of numbers in a regressor's leaf."""
    kind = type(observer).__name__
    if kind in ("EBSTSplitter", "TEBSTSplitter"):
        nodes = _walk(
            observer._root,
            lambda node: {"value": node.att_val, "below": read_var(node.estimator)},
        )
        root = 0 if nodes else None
        return "search", {"nodes": nodes, "free": None, "used": len(nodes), "root": root}
    if kind == "QOSplitter":
        return "slots", [
            {
                "at": at,
                "x_n": slot.x_stats.n,
                "x_mean": slot.x_stats._mean,
                "y": read_var(slot.y_stats),
            }
            for at, slot in sorted(observer._quantizer.hash.items())
        ]
    raise TypeError(f"what a {kind} has learned can't be taken along")


def read_nominals(found: list, classes: bool) -> list[dict]:
    """The splitters of nominal attributes."""
    rows = []
    for key, born, splitter in found:
        counts: dict[typing.Any, typing.Any] = {}
        if classes:
            for label, dist in splitter._att_dist_per_class.items():
                for value, weight in dist.items():
                    counts.setdefault(value_of(value), []).append((label, weight))
        else:
            counts = {value_of(v): read_var(var) for v, var in splitter._statistics.items()}
        rows.append({"id": key, "born": born, "values": sorted(counts.items(), key=_order)})
    return rows


def _order(found: tuple) -> tuple:
    (kind, value), _ = found
    return kind, value.encode() if kind == "text" else value
