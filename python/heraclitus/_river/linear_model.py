"""Linear models: weights by feature, an intercept, and an optimizer inside."""

from __future__ import annotations

import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, take
from .optim import by_default, by_feature

_WEIGHTS = w.ByFeature(w.NUMBER)


@named("LinearRegression", "LogisticRegression", "Perceptron")
class _Glm(State):
    layout = w.Row(
        weights=_WEIGHTS,
        intercept=w.NUMBER,
        rng=w.Maybe(w.Row(words=w.Many(w.WHOLE), at=w.WHOLE, next=w.Maybe(w.NUMBER))),
        made=w.ByFeature(w.TRUTH, False),
        max_cum_l1=w.NUMBER,
        cum_l1=w.ByFeature(w.NUMBER),
    )

    def take(self, model: typing.Any, names: Names) -> bytes:
        weights = model.weights
        made = {} if _begins_at_0(model) else dict.fromkeys(weights, True)
        state = {
            "weights": weights,
            "intercept": model.intercept,
            "rng": _drawing(model.initializer),
            "made": made,
            "max_cum_l1": getattr(model, "max_cum_l1", 0.0),
            "cum_l1": by_feature(getattr(model, "cum_l1", None)),
        }
        return w.block(self.layout, state, names) + take(model.optimizer, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        from river import optim, utils

        state = blocks.get(self.layout, names)
        made = dict.fromkeys(state["made"], 0.0)
        model._weights = utils.VectorDict({**made, **state["weights"]})
        model.intercept = state["intercept"]
        if model.l1 != 0:
            model.max_cum_l1 = state["max_cum_l1"]
            model.cum_l1 = utils.VectorDict(state["cum_l1"], optim.initializers.Zeros())
        if (rng := state["rng"]) is not None:
            spare = rng["next"]
            drawn = ("MT19937", rng["words"], rng["at"], int(spare is not None), spare or 0.0)
            model.initializer._rng.set_state(drawn)
        give(model.optimizer, blocks, names)


def _begins_at_0(model: typing.Any) -> bool:
    return type(model.initializer).__name__ == "Zeros"


def _drawing(initializer: typing.Any) -> dict | None:
    """Where an initializer's draws are."""
    rng = getattr(initializer, "_rng", None)
    if rng is None:
        return None
    _, words, at, has_spare, spare = rng.get_state()
    return {"words": words.tolist(), "at": at, "next": spare if has_spare else None}


@named("PAClassifier", "PARegressor")
class _PassiveAggressive(State):
    layout = w.Row(weights=_WEIGHTS, intercept=w.NUMBER)

    def read(self, model: typing.Any) -> dict:
        return {"weights": model.weights, "intercept": model.intercept}

    def write(self, model: typing.Any, state: dict) -> None:
        model.weights = by_default(state["weights"])
        model.intercept = state["intercept"]


@named("ALMAClassifier")
class _Alma(State):
    layout = w.Row(w=_WEIGHTS, k=w.WHOLE)

    def read(self, model: typing.Any) -> dict:
        return {"w": model.w, "k": model.k}

    def write(self, model: typing.Any, state: dict) -> None:
        model.w, model.k = by_default(state["w"]), state["k"]


@named("SoftmaxRegression")
class _Softmax(State):
    known = w.ByClass(w.TRUTH, False)

    def take(self, model: typing.Any, names: Names) -> bytes:
        out = w.block(self.known, dict.fromkeys(model.weights, True), names)
        for label in sorted(model.weights, key=names.class_of):
            out += w.block(_WEIGHTS, model.weights[label], names)
            out += take(model.optimizers[label], names)
        return out

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        for label in blocks.get(self.known, names):
            model.weights[label] = by_default(blocks.get(_WEIGHTS, names))
            optimizer = model.optimizers[label]
            give(optimizer, blocks, names)
            # These step over dicts.
            for name, value in vars(optimizer).items():
                if type(value).__name__ == "VectorDict":
                    setattr(optimizer, name, by_default(value.to_dict()))
