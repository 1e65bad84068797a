"""An object written as its class and its parameters, one a line."""

from __future__ import annotations

import inspect
import types
import typing

# An object whose class was made in one of these packages is written out when it is a parameter;
# any other is left to its own `str`.
PACKAGES = (__name__.partition(".")[0],)

_UNNAMED = {("args", inspect.Parameter.VAR_POSITIONAL), ("kwargs", inspect.Parameter.VAR_KEYWORD)}


def repr_obj(obj: typing.Any, show_modules: bool = False, depth: int = 0) -> str:
    """The text for `obj`, as if it stood `depth` levels inside of another object."""
    margin = "  " * depth
    module = f"{type(obj).__module__}." if show_modules else ""
    lines = []
    for name, param in inspect.signature(obj.__init__).parameters.items():
        if (name, param.kind) not in _UNNAMED:
            value = repr_value(getattr(obj, name), show_modules, depth)
            lines.append(f"\n{margin}  {name}={value}")
    end = f"\n{margin})" if lines else ")"
    return f"{module}{type(obj).__name__} ({''.join(lines)}{end}".expandtabs(2)


def repr_value(value: typing.Any, show_modules: bool = False, depth: int = -1) -> str:
    """The text for a parameter of what stands at `depth`; by default the parameter stands alone."""
    if isinstance(value, types.FunctionType):
        return f'"{value.__name__}"'
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return _repr_float(value)
    if isinstance(value, set):
        return str(in_order(value))
    if not isinstance(value, type) and type(value).__module__.partition(".")[0] in PACKAGES:
        return repr_obj(value, show_modules, depth + 1)
    return f"{value}"


def _repr_float(value: float) -> str:
    if value > 1e5 or 0 < value < 1e-4:
        return f"{value:.0e}"
    return f"{value:.6f}".rstrip("0")


def in_order(values: typing.Iterable[typing.Any]) -> list[typing.Any]:
    """Values sorted, by their text if they can't be compared with one another."""
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)
