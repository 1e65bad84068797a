"""Random patches: members that see some of the features, each with one behind it at times."""

from __future__ import annotations

import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, take
from .ensemble import RNG, read_rng, write_rng

#: River's names of the training methods, in the order of ours.
_METHODS = ("subspaces", "resampling", "patches")
_HEAD = w.Pair(RNG, w.WHOLE, w.WHOLE, w.TRUTH)
_COUNTS = w.Pair(w.WHOLE, w.WHOLE, w.TRUTH)
_LEARNER = w.Pair(w.Maybe(w.Row(ids=w.Many(w.FEATURE), size=w.WHOLE)), w.WHOLE)


def _inside(learner: typing.Any) -> list:
    """What a learner has that learns."""
    found = [learner.model, learner.metric]
    if not learner.disable_drift_detector:
        found.append(learner.drift_detector)
    if not learner.disable_background_learner:
        found.append(learner.warning_detector)
    return found


def _take_learner(learner: typing.Any, names: Names) -> bytes:
    subspace = None
    if learner.features is not None:
        ids = sorted(learner.features, key=names.feature)
        subspace = {"ids": ids, "size": len(ids)}
    out = w.block(_LEARNER, (subspace, learner.created_on), names)
    return out + b"".join(take(of, names) for of in _inside(learner))


def _give_learner(learner: typing.Any, blocks: w.Blocks, names: Names) -> None:
    subspace, learner.created_on = blocks.get(_LEARNER, names)
    learner.features = None if subspace is None else subspace["ids"]
    for of in _inside(learner):
        give(of, blocks, names)


@named("SRPClassifier", "SRPRegressor")
class _Patches(State):
    def take(self, model: typing.Any, names: Names) -> bytes:
        # Later subspaces are drawn from an event's features, in order: here of these numbers.
        known = {key for member in model.data for key in member.features or ()}
        for key in sorted(known, key=str):
            names.feature(key)
        method = _METHODS.index(model.training_method)
        head = (read_rng(model._rng), model._n_samples_seen, method, bool(model.data))
        out = w.block(_HEAD, head, names)
        for member in model.data:
            behind = member._background_learner
            counts = (member.n_drifts_detected, member.n_warnings_detected, behind is not None)
            out += w.block(_COUNTS, counts, names) + _take_learner(member, names)
            if behind is not None:
                out += _take_learner(behind, names)
        return out

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        rng, model._n_samples_seen, method, made = blocks.get(_HEAD, names)
        model.training_method = _METHODS[method]
        if made:
            # Members are made as River makes them, from no features; each gets its own below.
            model._init_ensemble([])
            for member in model.data:
                drifts, warnings, behind = blocks.get(_COUNTS, names)
                member.n_drifts_detected, member.n_warnings_detected = drifts, warnings
                _give_learner(member, blocks, names)
                if behind:
                    # That makes a new warning detector too.
                    warning = member.warning_detector
                    member._trigger_warning([], model._n_samples_seen)
                    member.warning_detector = warning
                    _give_learner(member._background_learner, blocks, names)
        write_rng(model._rng, rng)
