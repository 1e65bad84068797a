"""Many models of one kind, and the draws between them."""

from __future__ import annotations

import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, take

RNG = w.Row(words=w.Many(w.WHOLE), at=w.WHOLE, spare=w.Maybe(w.NUMBER))


def read_rng(rng: typing.Any) -> dict:
    """Where a `random.Random` is."""
    _, state, spare = rng.getstate()
    return {"words": state[:-1], "at": state[-1], "spare": spare}


def write_rng(rng: typing.Any, state: dict) -> None:
    """Puts a `random.Random` to where another one is."""
    rng.setstate((3, (*state["words"], state["at"]), state["spare"]))


@named("BaggingClassifier", "BaggingRegressor")
class _Bagging(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        members = b"".join(take(member, names) for member in model)
        return w.block(RNG, read_rng(model._rng), names) + members

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        write_rng(model._rng, blocks.get(RNG, names))
        for member in model:
            give(member, blocks, names)


class _Members(State):
    """Models side by side, after what is drawn and noted of them."""

    def take(self, model: typing.Any, names: Names) -> bytes:
        return self.before(model, names) + b"".join(take(member, names) for member in model)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        self.put_before(model, blocks, names)
        for member in model:
            give(member, blocks, names)

    def before(self, model: typing.Any, names: Names) -> bytes:
        """What stands before the members."""
        return b""

    def put_before(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        """Puts it into River's object."""


@named("VotingClassifier")
class _Voting(_Members):
    pass


@named("StackingClassifier")
class _Stacking(_Members):
    def take(self, model: typing.Any, names: Names) -> bytes:
        return super().take(model, names) + take(model.meta_classifier, names)

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        super().give(model, blocks, names)
        give(model.meta_classifier, blocks, names)


@named("EWARegressor")
class _Ewa(_Members):
    def before(self, model: typing.Any, names: Names) -> bytes:
        return b"".join(w.block(w.NUMBER, weight, names) for weight in model.weights)

    def put_before(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        model.weights = [blocks.get(w.NUMBER, names) for _ in model.weights]


_RECORDS = w.Row(correct=w.Many(w.NUMBER), wrong=w.Many(w.NUMBER))


def _records(model: typing.Any) -> dict:
    places = range(model.n_models)
    return {
        "correct": [model.correct_weight.get(i, 0) for i in places],
        "wrong": [model.wrong_weight.get(i, 0) for i in places],
    }


def _put_records(model: typing.Any, state: dict) -> None:
    model.correct_weight.update(enumerate(state["correct"]))
    model.wrong_weight.update(enumerate(state["wrong"]))


@named("AdaBoostClassifier")
class _AdaBoost(_Members):
    layout = w.Pair(RNG, _RECORDS)

    def before(self, model: typing.Any, names: Names) -> bytes:
        return w.block(self.layout, (read_rng(model._rng), _records(model)), names)

    def put_before(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        rng, records = blocks.get(self.layout, names)
        write_rng(model._rng, rng)
        _put_records(model, records)


@named("BOLEClassifier")
class _Bole(_Members):
    layout = w.Row(rng=RNG, records=_RECORDS, order=w.Many(w.WHOLE), n_seen=w.WHOLE)

    def before(self, model: typing.Any, names: Names) -> bytes:
        state = {
            "rng": read_rng(model._rng),
            "records": _records(model),
            "order": model.order_position,
            "n_seen": model.instances_seen,
        }
        return w.block(self.layout, state, names)

    def put_before(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        state = blocks.get(self.layout, names)
        write_rng(model._rng, state["rng"])
        _put_records(model, state["records"])
        model.order_position, model.instances_seen = state["order"], state["n_seen"]


class _Watched(_Members):
    """Members that are each watched by an ADWIN."""

    def take(self, model: typing.Any, names: Names) -> bytes:
        watches = b"".join(take(watch, names) for watch in model._drift_detectors)
        return super().take(model, names) + watches

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        super().give(model, blocks, names)
        for watch in model._drift_detectors:
            give(watch, blocks, names)


@named("ADWINBaggingClassifier")
class _AdwinBagging(_Watched):
    def before(self, model: typing.Any, names: Names) -> bytes:
        return w.block(RNG, read_rng(model._rng), names)

    def put_before(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        write_rng(model._rng, blocks.get(RNG, names))


@named("ADWINBoostingClassifier")
class _AdwinBoosting(_Watched, _AdaBoost):
    pass


@named("LeveragingBaggingClassifier")
class _Leveraging(_Watched):
    layout = w.Pair(RNG, w.WHOLE)

    def before(self, model: typing.Any, names: Names) -> bytes:
        return w.block(self.layout, (read_rng(model._rng), model.n_detected_changes), names)

    def put_before(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        rng, model.n_detected_changes = blocks.get(self.layout, names)
        write_rng(model._rng, rng)
