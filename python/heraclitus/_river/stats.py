"""Statistics of a series."""

from __future__ import annotations

import typing

from . import _wire as w
from ._states import State, named

MEAN = w.Row(n=w.NUMBER, mean=w.NUMBER)
VAR = w.Row(mean=MEAN, sum=w.NUMBER)


def read_mean(stat: typing.Any) -> dict:
    """What a mean has learned."""
    return {"n": stat.n, "mean": stat._mean}


def write_mean(stat: typing.Any, state: dict) -> None:
    """Gives a mean what another has learned."""
    stat.n, stat._mean = state["n"], state["mean"]


def read_var(stat: typing.Any) -> dict:
    """What a variance has learned."""
    return {"mean": read_mean(stat.mean), "sum": stat._S}


def write_var(stat: typing.Any, state: dict) -> None:
    """Gives a variance what another has learned."""
    write_mean(stat.mean, state["mean"])
    stat._S = state["sum"]


@named("Mean")
class _Mean(State):
    layout = MEAN

    def read(self, model: typing.Any) -> dict:
        return read_mean(model)

    def write(self, model: typing.Any, state: dict) -> None:
        write_mean(model, state)


@named("Var", "SEM")
class _Var(State):
    layout = VAR

    def read(self, model: typing.Any) -> dict:
        return read_var(model)

    def write(self, model: typing.Any, state: dict) -> None:
        write_var(model, state)


def _enter(name: str, attribute: str, kind: w.Kind) -> None:
    class One(State):
        layout = w.Row(value=kind)

        def read(self, model: typing.Any) -> dict:
            return {"value": getattr(model, attribute)}

        def write(self, model: typing.Any, state: dict) -> None:
            setattr(model, attribute, state["value"])

    named(name)(One)


_enter("Sum", "sum", w.NUMBER)
_enter("Count", "n", w.WHOLE)
_enter("Min", "min", w.NUMBER)
_enter("Max", "max", w.NUMBER)
_enter("AbsMax", "abs_max", w.NUMBER)
