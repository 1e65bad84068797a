"""Specs: what a model is, as plain data, and back to objects.

A spec is a name, or a name with its parameters: `{"LogisticRegression": {"l2": 0.1}}`. It holds no
code, which is why a Python function in a model is refused here, by name.
"""

from __future__ import annotations

import importlib
import typing

from ._generated import MODULES

__all__ = ["find", "from_spec", "to_spec"]

_BY_HAND = {
    "Pipeline": "compose",
    "TransformerUnion": "compose",
    "Select": "compose",
    "Discard": "compose",
    "SelectType": "compose",
    "Prefixer": "compose",
    "Suffixer": "compose",
    "Renamer": "compose",
    "Rolling": "utils",
    "EBSTSplitter": "tree.splitter",
    "ExhaustiveSplitter": "tree.splitter",
    "GaussianSplitter": "tree.splitter",
    "HistogramSplitter": "tree.splitter",
    "QOSplitter": "tree.splitter",
    "TEBSTSplitter": "tree.splitter",
    "LazySearch": "neighbors",
    "SWINN": "neighbors",
}
_NAMED = ("losses", "schedulers", "initializers")


def find(name: str) -> type | None:
    """The class that a spec names, if there is one."""
    module = MODULES.get(name) or _BY_HAND.get(name)
    if module is not None:
        return getattr(importlib.import_module(f"heraclitus.{module}"), name, None)
    for family in _NAMED:
        found = getattr(importlib.import_module(f"heraclitus.optim.{family}"), name, None)
        if isinstance(found, type):
            return found
    return None


def to_spec(value: typing.Any, place: str = "") -> typing.Any:
    """A parameter's value as plain data.

    Raises
    ------
    TypeError
        For what is no data, such as a Python function: it says which parameter holds it.

    """
    if value is None or isinstance(value, bool | int | float | str):
        return _plain(value)
    spec = getattr(value, "_to_spec", None)
    if spec is not None and not isinstance(value, type):
        return spec()
    if isinstance(value, dict):
        return {str(k): to_spec(v, f"{place}[{k!r}]") for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((to_spec(v, place) for v in value), key=str)
    if isinstance(value, list | tuple) or hasattr(value, "__array__") and hasattr(value, "__len__"):
        return [to_spec(v, f"{place}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, type) and value in (bool, int, float, str):
        return value.__name__
    if hasattr(value, "item"):  # a number of numpy's
        return to_spec(value.item(), place)
    kind = "a Python function" if callable(value) else f"a {type(value).__name__}"
    where = f"{place} is " if place else ""
    raise TypeError(f"{where}{kind}: {value!r} can't be part of a spec, which is data")


def _plain(value: typing.Any) -> typing.Any:
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise TypeError(f"{value} can't be part of a spec, whose numbers are finite")
    return float(value)


def from_spec(spec: typing.Any) -> typing.Any:
    """The object that a spec describes, with nothing learned.

    >>> from heraclitus._spec import from_spec
    >>> from_spec({"SGD": {"lr": 0.1}}).learning_rate
    0.1

    """
    if isinstance(spec, list):
        spec = {"Pipeline": {"steps": spec}}
    if isinstance(spec, str):
        name, params = spec, {}
    elif isinstance(spec, dict) and len(spec) == 1:
        [(name, params)] = spec.items()
    else:
        raise ValueError(f"a spec is a name, or a name with its parameters, got {spec!r}")
    cls = find(name)
    if cls is None:
        raise ValueError(f"there is no estimator {name!r} in this package")
    make = getattr(cls, "_from_params", None)
    return make(params) if make is not None else cls(**_children(params))


def is_spec(value: typing.Any) -> bool:
    """True for `{"Name": {…}}` of a class that there is."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(name, params)] = value.items()
    return isinstance(params, dict) and name[:1].isupper() and find(name) is not None


def _children(params: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """Parameters with an object for every spec among them."""
    return {k: from_spec(v) if is_spec(v) else v for k, v in params.items()}
