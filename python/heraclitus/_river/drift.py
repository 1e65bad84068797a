"""Drift detectors: what they have counted since the last change."""

from __future__ import annotations

import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, stateless, take
from .ensemble import RNG, read_rng, write_rng
from .stats import MEAN, read_mean, write_mean

stateless("NoDrift")

_SIGNS = {"warning": "_warning_detected", "drift": "_drift_detected"}


def _enter(name: str, means: dict[str, str], **numbers: tuple) -> None:
    """A detector whose state is means, numbers by the names of River's attributes, and signs."""
    kinds = {ours: MEAN for ours in means}
    kinds |= {ours: kind for ours, (_, kind) in numbers.items()}
    signs = {"drift": "_drift_detected"} if name == "PageHinkley" else _SIGNS

    class Fields(State):
        layout = w.Row(**kinds, **dict.fromkeys(signs, w.TRUTH))

        def read(self, model: typing.Any) -> dict:
            found = {ours: read_mean(getattr(model, theirs)) for ours, theirs in means.items()}
            for ours, theirs in [*((n, a) for n, (a, _) in numbers.items()), *signs.items()]:
                found[ours] = getattr(model, theirs)
            return found

        def write(self, model: typing.Any, state: dict) -> None:
            for ours, theirs in means.items():
                write_mean(getattr(model, theirs), state[ours])
            for ours, theirs in [*((n, a) for n, (a, _) in numbers.items()), *signs.items()]:
                setattr(model, theirs, state[ours])

    named(name)(Fields)


_enter(
    "PageHinkley",
    {"mean": "_x_mean"},
    up=("_sum_increase", w.NUMBER),
    down=("_sum_decrease", w.NUMBER),
    up_min=("_min_increase", w.NUMBER),
    down_max=("_max_decrease", w.NUMBER),
)
_enter("HDDMA", {"all": "_z", "lowest": "_x_min", "highest": "_x_max"})


@named("DDM")
class _Ddm(State):
    layout = w.Row(
        rate=MEAN,
        lowest=w.Maybe(w.Pair(w.NUMBER, w.NUMBER)),
        warning=w.TRUTH,
        drift=w.TRUTH,
    )

    def read(self, model: typing.Any) -> dict:
        lowest = None if model._p_min is None else (model._p_min, model._s_min)
        signs = {ours: getattr(model, theirs) for ours, theirs in _SIGNS.items()}
        return {"rate": read_mean(model._p), "lowest": lowest, **signs}

    def write(self, model: typing.Any, state: dict) -> None:
        write_mean(model._p, state["rate"])
        if state["lowest"] is not None:
            model._p_min, model._s_min = state["lowest"]
            model._ps_min = model._p_min + model._s_min
        for ours, theirs in _SIGNS.items():
            setattr(model, theirs, state[ours])


@named("EDDM")
class _Eddm(State):
    layout = w.Row(
        n=w.WHOLE,
        last_error=w.WHOLE,
        n_errors=w.WHOLE,
        distance=MEAN,
        squares=w.NUMBER,
        largest=w.NUMBER,
        warning=w.TRUTH,
        drift=w.TRUTH,
    )
    fields: typing.ClassVar = {
        "n": "_n",
        "last_error": "_last_error",
        "n_errors": "_n_errors",
        "largest": "_p2s_prime_max",
        **_SIGNS,
    }

    def read(self, model: typing.Any) -> dict:
        var = model._error_distances
        found = {ours: getattr(model, theirs) for ours, theirs in self.fields.items()}
        return {**found, "distance": read_mean(var.mean), "squares": var._S}

    def write(self, model: typing.Any, state: dict) -> None:
        for ours, theirs in self.fields.items():
            setattr(model, theirs, state[ours])
        write_mean(model._error_distances.mean, state["distance"])
        model._error_distances._S = state["squares"]


@named("FHDDM")
class _Fhddm(State):
    layout = w.Row(
        window=w.Many(w.TRUTH),
        n_one=w.WHOLE,
        n_one_short=w.WHOLE,
        highest=w.NUMBER,
        highest_short=w.NUMBER,
        drift=w.TRUTH,
    )

    def read(self, model: typing.Any) -> dict:
        window = [bool(one) for one in model._sliding_window]
        short = model.short_window_size
        return {
            "window": window,
            "n_one": model.n_one,
            "n_one_short": 0 if short is None else sum(window[-short:]),
            "highest": model._u_max,
            "highest_short": getattr(model, "_u_short_max", 0.0),
            "drift": model._drift_detected,
        }

    def write(self, model: typing.Any, state: dict) -> None:
        model._sliding_window.extend(int(one) for one in state["window"])
        model.n_one, model._u_max = state["n_one"], state["highest"]
        if model.short_window_size is not None:
            model._u_short_max = state["highest_short"]
        model._drift_detected = state["drift"]


_SAMPLE = w.Row(mean=w.NUMBER, bound=w.NUMBER, begun=w.TRUTH)


@named("HDDMW")
class _HddmW(State):
    layout = w.Row(
        all=_SAMPLE,
        low=w.Pair(_SAMPLE, _SAMPLE),
        high=w.Pair(_SAMPLE, _SAMPLE),
        lowest=w.NUMBER,
        highest=w.NUMBER,
        warning=w.TRUTH,
        drift=w.TRUTH,
    )
    fields: typing.ClassVar = {
        "lowest": "_incr_cutpoint",
        "highest": "_decr_cutpoint",
        **_SIGNS,
    }
    pairs: typing.ClassVar = {
        "low": ("_s1_incr", "_s2_incr"),
        "high": ("_s1_decr", "_s2_decr"),
    }

    def read(self, model: typing.Any) -> dict:
        found = {ours: getattr(model, theirs) for ours, theirs in self.fields.items()}
        for ours, pair in self.pairs.items():
            found[ours] = [_read_sample(getattr(model, theirs)) for theirs in pair]
        return {**found, "all": _read_sample(model._total)}

    def write(self, model: typing.Any, state: dict) -> None:
        for ours, theirs in self.fields.items():
            setattr(model, theirs, state[ours])
        for ours, pair in self.pairs.items():
            for theirs, sample in zip(pair, state[ours], strict=True):
                _write_sample(getattr(model, theirs), sample)
        _write_sample(model._total, state["all"])


def _read_sample(sample: typing.Any) -> dict:
    mean = sample.ewma if sample._is_init else 0.0
    return {"mean": mean, "bound": sample._ibc, "begun": sample._is_init}


def _write_sample(sample: typing.Any, state: dict) -> None:
    if state["begun"]:
        # A mean that has seen one number is that number.
        sample._ewma.update(state["mean"])
    sample._ibc, sample._is_init = state["bound"], state["begun"]


@named("KSWIN")
class _Kswin(State):
    # The p-value of the last comparison stays behind; the next number makes a new one.
    layout = w.Row(
        window=w.Many(w.NUMBER), rng=RNG, distance=w.Maybe(w.WHOLE), drift=w.TRUTH
    )

    def read(self, model: typing.Any) -> dict:
        rng, drift = read_rng(model._rng), model._drift_detected
        return {"window": model.window, "rng": rng, "distance": None, "drift": drift}

    def write(self, model: typing.Any, state: dict) -> None:
        write_rng(model._rng, state["rng"])
        model.window.clear()
        model.window.extend(state["window"])
        model.n, model._drift_detected = len(model.window), state["drift"]


@named("DummyDriftDetector")
class _Dummy(State):
    layout = w.Row(rng=RNG, n=w.WHOLE, warm_up=w.Maybe(w.WHOLE), drift=w.TRUTH)

    def read(self, model: typing.Any) -> dict:
        waits = not getattr(model, "_warmup_done", True)
        return {
            "rng": read_rng(model._rng),
            "n": model._n,
            "warm_up": model._warmup if waits else None,
            "drift": model._drift_detected,
        }

    def write(self, model: typing.Any, state: dict) -> None:
        write_rng(model._rng, state["rng"])
        model._n, model._drift_detected = state["n"], state["drift"]
        if hasattr(model, "_warmup_done"):
            model._warmup_done = state["warm_up"] is None
            if state["warm_up"] is not None:
                model._warmup = state["warm_up"]


@named("ADWIN")
class _Adwin(State):
    layout = w.Row(
        buckets=w.Many(w.Pair(w.NUMBER, w.NUMBER)),
        lens=w.Many(w.WHOLE),
        width=w.NUMBER,
        total=w.NUMBER,
        variance=w.NUMBER,
        tick=w.WHOLE,
        n_detections=w.WHOLE,
        drift=w.TRUTH,
    )

    def read(self, model: typing.Any) -> dict:
        self._check(model.width)
        numbers = dict.fromkeys(("width", "total", "variance"), 0.0)
        return {"buckets": [], "lens": [], **numbers, "tick": 0, "n_detections": 0, "drift": False}

    def write(self, model: typing.Any, state: dict) -> None:
        self._check(state["width"])

    def _check(self, width: float) -> None:
        if width:
            raise TypeError(
                "what an ADWIN has learned can't be taken along: River keeps its window where "
                'Python can neither read nor write it; with afresh=["ADWIN"] it begins anew'
            )


@named("DriftRetrainingClassifier")
class _Retraining(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        return b"".join(take(part, names) for part in _retrained(model))

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        for part in _retrained(model):
            give(part, blocks, names)


def _retrained(model: typing.Any) -> list:
    behind = [model.bkg_model] if model.train_in_background else []
    return [model.drift_detector, model.model, *behind]
