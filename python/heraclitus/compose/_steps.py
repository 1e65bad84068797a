"""What pipelines and unions share: parts that have names, and extra arguments that find them."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Mapping, MutableMapping

from heraclitus.base.estimator import Estimator
from heraclitus.base.transformer import SupervisedTransformer, Transformer

from . import func

_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    functools.partial,
)


def as_estimator(obj: typing.Any) -> typing.Any:
    """What a step is that was given as a function, as a list of transformers or as a class."""
    if isinstance(obj, _FUNCTIONS):
        return func.FuncTransformer(obj)
    if isinstance(obj, list):
        from .union import TransformerUnion

        return TransformerUnion(*obj)
    return obj() if isinstance(obj, type) else obj


def is_transformer(step: typing.Any) -> bool:
    """Whether a step makes features, or is a pipeline that ends in what does."""
    return isinstance(step, (Transformer, SupervisedTransformer))


def split_name(obj: typing.Any) -> tuple[str | None, typing.Any]:
    """The name of a step if it has been given one, and the step."""
    name, step = obj if isinstance(obj, tuple) else (None, obj)
    return name, as_estimator(step)


def free_name(name: str | None, step: typing.Any, taken: Mapping[str, typing.Any]) -> str:
    """The name of a step, with a number behind it if another one has that name already."""
    if name is None:
        is_func = type(step) is func.FuncTransformer
        name = func.name_of(step.func) if is_func else type(step).__name__
    free, counter = name, 0
    while free in taken:
        counter += 1
        free = f"{name}{counter}"
    return free


def by_key(steps: MutableMapping[str, typing.Any], key: typing.Any) -> typing.Any:
    """A step by its name or its place."""
    return list(steps.values())[key] if isinstance(key, int) else steps[key]


def clone_steps(
    steps: Mapping[str, typing.Any], new_params: dict | None, include_attributes: bool
) -> list[tuple[str, typing.Any]]:
    """Clones of steps under their names; an estimator among the parameters replaces a step."""
    new_params = new_params or {}
    clones = []
    for name, step in steps.items():
        new = new_params.get(name)
        if not isinstance(new, Estimator):
            new = step.clone(new or {}, include_attributes=include_attributes)
        clones.append((name, new))
    return clones


def repr_steps(title: str, steps: Mapping[str, typing.Any]) -> str:
    """The steps one below the other."""
    inner = "\t".join(",\n".join(map(repr, steps.values())).splitlines(keepends=True))
    return f"{title} (\n\t{inner}\n)".expandtabs(2)


def method_params(step: typing.Any, method: str) -> frozenset[str] | None:
    """Names of the arguments that a step's method takes beside `x` and `y`.

    `None` if it takes any, or if that can't be told. The class is asked, so that the question
    is not logged as a call.
    """
    try:
        params = inspect.signature(getattr(type(step), method)).parameters
    except (AttributeError, TypeError, ValueError):
        return None
    if any(param.kind is param.VAR_KEYWORD for param in params.values()):
        return None
    return frozenset(params) - {"self", "x", "y"}


def route(accepted: frozenset[str] | None, params: dict) -> dict:
    """Those of the extra arguments that a method takes."""
    if accepted is None or not params:
        return params
    return {name: value for name, value in params.items() if name in accepted}
