"""Centres by feature, and the draws of new ones."""

from __future__ import annotations

import typing

from . import _wire as w
from ._states import State, named
from .ensemble import RNG, read_rng, write_rng


@named("KMeans")
class _KMeans(State):
    layout = w.Row(
        rng=RNG, known=w.ByFeature(w.TRUTH, False), centers=w.Many(w.ByFeature(w.NUMBER))
    )

    def read(self, model: typing.Any) -> dict:
        centers = list(model.centers.values())
        known = {key: True for center in centers for key in center}
        return {"rng": read_rng(model._rng), "known": known, "centers": centers}

    def write(self, model: typing.Any, state: dict) -> None:
        write_rng(model._rng, state["rng"])
        for center, places in zip(model.centers.values(), state["centers"], strict=True):
            center.update({key: places.get(key, 0.0) for key in state["known"]})
