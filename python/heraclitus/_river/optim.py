"""Optimizers: a counter, and numbers by feature."""

from __future__ import annotations

import collections
import typing

from . import _wire as w
from ._states import State, named


def by_feature(values: typing.Any) -> dict:
    """Numbers by feature, of any of River's kinds of dicts; `None` before the first event."""
    if values is None:
        return {}
    if not hasattr(values, "items"):
        raise TypeError(
            f"an optimizer that stepped over a {type(values).__name__} has no names of features"
        )
    return dict(values.items())


def _enter(name: str, *by: str, **numbers: w.Kind) -> None:
    slots = {attribute: w.ByFeature(w.NUMBER) for attribute in by}

    class Fields(State):
        layout = w.Row(n_iterations=w.WHOLE, **numbers, **slots)

        def read(self, model: typing.Any) -> dict:
            found = {attribute: by_feature(getattr(model, attribute)) for attribute in by}
            plain = {attribute: getattr(model, attribute) for attribute in numbers}
            return {"n_iterations": model.n_iterations, **plain, **found}

        def write(self, model: typing.Any, state: dict) -> None:
            from river import utils

            for attribute, value in state.items():
                if attribute in slots:
                    # Where River has nothing yet, it steps over vectors.
                    new = getattr(model, attribute) is None
                    value = utils.VectorDict(value) if new else by_default(value)
                setattr(model, attribute, value)

    named(name)(Fields)


def by_default(values: typing.Any) -> collections.defaultdict:
    """Numbers by feature, 0 where there is none."""
    return collections.defaultdict(float, values)


_enter("SGD")
_enter("Momentum", "s")
_enter("NesterovMomentum", "s")
_enter("AdaGrad", "g2")
_enter("RMSProp", "g2")
_enter("AdaDelta", "g2", "s2")
_enter("Adam", "m", "v")
_enter("AdaMax", "m", "u")
_enter("Nadam", "m", "v")
_enter("AMSGrad", "m", "v", "v_hat")
_enter("AdaBound", "m", "v", final_lr=w.NUMBER)
_enter("FTRLProximal", "z", "n")
