"""Scalers, encoders and imputers."""

from __future__ import annotations

import collections
import math
import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, stateless, take
from .optim import by_default
from .stats import VAR, read_mean, read_var, write_mean, write_var

_NUMBERS = w.ByFeature(w.NUMBER)
_NO_VAR = {"mean": {"n": 0.0, "mean": 0.0}, "sum": 0.0}

stateless("Binarizer", "FeatureHasher", "Normalizer")


@named("StandardScaler")
class _Standard(State):
    layout = w.Row(
        counts=_NUMBERS,
        means=_NUMBERS,
        vars=_NUMBERS,
        windows=w.ByFeature(
            w.Row(var=VAR, window=w.Many(w.NUMBER)), {"var": _NO_VAR, "window": []}
        ),
    )

    def read(self, model: typing.Any) -> dict:
        if model.window_size is None:
            came = {"counts": model.counts, "means": model.means, "vars": model.vars}
            return {**came, "windows": {}}
        windows = {}
        for feature, mean in model.means.items():
            values = [args[0] for args, _ in mean.window]
            var = read_var(model.vars[feature].obj) if model.with_std else _NO_VAR
            windows[feature] = {
                "var": {**var, "mean": read_mean(mean.obj)},
                "window": values,
            }
        return {"counts": {}, "means": {}, "vars": {}, "windows": windows}

    def write(self, model: typing.Any, state: dict) -> None:
        if model.window_size is None:
            whole = {feature: int(n) for feature, n in state["counts"].items()}
            model.counts = collections.Counter(whole)
            model.means, model.vars = by_default(state["means"]), by_default(state["vars"])
            return
        for feature, of in state["windows"].items():
            values = [((value,), {}) for value in of["window"]]
            model.counts[feature] = int(of["var"]["mean"]["n"])
            model.means[feature].window.extend(values)
            write_mean(model.means[feature].obj, of["var"]["mean"])
            if model.with_std:
                model.vars[feature].window.extend(values)
                write_var(model.vars[feature].obj, of["var"])


class _NoWindow(State):
    """What has another state with a window."""

    def take(self, model: typing.Any, names: Names) -> bytes:
        self._check(model)
        return super().take(model, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        self._check(model)
        super().give(model, blocks, names)

    def _check(self, model: typing.Any) -> None:
        if model.window_size is not None:
            raise TypeError(
                f"what a {type(model).__name__} with a window_size has learned can't be taken "
                "along yet; with learned=False its parameters are"
            )


@named("MinMaxScaler")
class _MinMax(_NoWindow):
    layout = w.Row(
        ranges=w.ByFeature(
            w.Row(low=w.NUMBER, high=w.NUMBER), {"low": math.inf, "high": -math.inf}
        ),
        windows=w.Many(w.WHOLE),
    )

    def read(self, model: typing.Any) -> dict:
        ranges = {
            feature: {"low": low.get(), "high": model.max[feature].get()}
            for feature, low in model.min.items()
        }
        return {"ranges": ranges, "windows": []}

    def write(self, model: typing.Any, state: dict) -> None:
        for feature, of in state["ranges"].items():
            model.min[feature].min, model.max[feature].max = of["low"], of["high"]


@named("MaxAbsScaler")
class _MaxAbs(_NoWindow):
    layout = w.Row(largest=_NUMBERS, windows=w.Many(w.WHOLE))

    def read(self, model: typing.Any) -> dict:
        largest = {feature: stat.get() for feature, stat in model.abs_max.items()}
        return {"largest": largest, "windows": []}

    def write(self, model: typing.Any, state: dict) -> None:
        for feature, value in state["largest"].items():
            model.abs_max[feature].abs_max = value


@named("TargetStandardScaler")
class _TargetStandard(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        return w.block(VAR, read_var(model.var), names) + take(model.regressor, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        write_var(model.var, blocks.get(VAR, names))
        give(model.regressor, blocks, names)


@named("StatImputer")
class _StatImputer(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        return b"".join(take(stat, names) for stat in self._stats(model))

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        for stat in self._stats(model):
            give(stat, blocks, names)

    def _stats(self, model: typing.Any) -> list:
        return [stat for stat in model.stats.values() if hasattr(stat, "update")]


class _Either(w.Kind):
    """A number or a text, which say by themselves what they are; with a gap, none of both."""

    def __init__(self, gap: bool) -> None:
        self._first = int(gap)

    def put(self, out: bytearray, value: typing.Any, names: Names) -> None:
        if value is None:
            out.append(0)
        elif isinstance(value, str):
            out.append(self._first + 1)
            w.TEXT.put(out, value, names)
        else:
            out.append(self._first)
            w.NUMBER.put(out, value, names)

    def take(self, source: typing.Any, names: Names) -> typing.Any:
        which = source.whole() - self._first
        if which < 0:
            return None
        return (w.TEXT if which else w.NUMBER).take(source, names)


@named("PreviousImputer")
class _Previous(State):
    layout = w.ByFeature(_Either(gap=True), None)

    def read(self, model: typing.Any) -> dict:
        return model._latest

    def write(self, model: typing.Any, state: dict) -> None:
        model._latest = state


@named("OneHotEncoder")
class _OneHot(State):
    met = w.Many(w.WHOLE)

    def take(self, model: typing.Any, names: Names) -> bytes:
        met = []
        for feature, values in model.values.items():
            names.feature(feature)
            for value in sorted(values, key=str):  # a set has no order of its own
                name = f"{feature}_{_category(value)}"
                names.say(f"{feature}_{value}", name)
                met.append(names.feature(name))
        given = model.categories is not None or model.drop_zeros
        return w.block(self.met, [] if given else sorted(met), names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        features = {str(key): key for key in names.keys}
        for at in blocks.get(self.met, names):
            output = str(names.key(at))
            found = [key for key in features if output.startswith(f"{key}_")]
            feature = max(found, key=len)
            model.values[features[feature]].add(output[len(feature) + 1 :])
            model._zero_dict[output] = 0


def _category(value: typing.Any) -> str:
    """A category as it is part of a name here: numbers print alike, of whichever type."""
    if isinstance(value, str):
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


@named("OrdinalEncoder")
class _Ordinal(State):
    layout = w.ByFeature(
        w.Row(learned=w.TRUTH, values=w.Many(_Either(gap=False)), by_value=w.Many(w.WHOLE)),
        {"learned": False, "values": [], "by_value": []},
    )

    def read(self, model: typing.Any) -> dict:
        if model.categories is not None:
            return {}
        state = {}
        for feature, codes in model.values.items():
            values = sorted(codes, key=codes.__getitem__)
            order = sorted(range(len(values)), key=lambda i: _before(values[i]))
            state[feature] = {"learned": True, "values": values, "by_value": order}
        return state

    def write(self, model: typing.Any, state: dict) -> None:
        for feature, of in state.items():
            for value in of["values"]:
                whole = isinstance(value, float) and value.is_integer()
                code = model._next_category_code(feature)
                model.values[feature][int(value) if whole else value] = code


def _before(value: typing.Any) -> tuple:
    text = isinstance(value, str)
    return text, value.encode() if text else float(value)


@named("TargetMinMaxScaler")
class _TargetMinMax(State):
    layout = w.Row(low=w.NUMBER, high=w.NUMBER)

    def take(self, model: typing.Any, names: Names) -> bytes:
        state = {"low": model.min.get(), "high": model.max.get()}
        return w.block(self.layout, state, names) + take(model.regressor, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        state = blocks.get(self.layout, names)
        model.min.min, model.max.max = state["low"], state["high"]
        give(model.regressor, blocks, names)


@named("PredClipper")
class _PredClipper(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        return take(model.regressor, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        give(model.regressor, blocks, names)
