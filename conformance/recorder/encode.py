"""How a recording is written: compact JSON, one top-level key a line, floats in full.

Python's shortest repr gives a float back to the bit. JSON has no NaN, so the three numbers it
cannot hold are the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

# A sampled recording keeps the start, every tenth (of a long stream every 50th) and the last: the
# weights at the end would show what a prediction between two samples did not.
KEEP_FIRST = 200
LONG = 1_300


def kept(n: int, full: bool) -> list[int]:
    """The indices of the events whose prediction is recorded."""
    step = 1 if full else 50 if n > LONG else 10
    return [i for i in range(n) if i < KEEP_FIRST or i % step == 0 or i == n - 1]


def plain(value: Any) -> Any:
    """A value made of what JSON has."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return {key(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a recording: {value!r}")


def key(name: Any) -> str:
    """A feature or class name; an n-gram's tuple is joined by spaces, a bool is JSON's word."""
    if isinstance(name, bool):
        return "true" if name else "false"
    if isinstance(name, tuple):
        return " ".join(name)
    return str(name)


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def write(directory: Path, case: str, content: dict[str, Any]) -> None:
    """Write one recording."""
    lines = [f"{dumps(name)}:{dumps(plain(value))}" for name, value in content.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (directory / f"{case}.json").write_text(text, encoding="utf-8")


def rank_sum(values: dict[Any, float]) -> dict[str, float]:
    """Figures that stand for a large table of named numbers without printing the names.

    Names are sorted by their UTF-8 bytes; `by_rank` is the sum of value * (rank + 1) / n.
    """
    names = sorted(values, key=lambda name: key(name).encode())
    numbers = [float(values[name]) for name in names]
    n = len(numbers)
    return {
        "n": n,
        "sum": math.fsum(numbers),
        "sum_squares": math.fsum(v * v for v in numbers),
        "max": max(numbers, default=0.0),
        "by_rank": math.fsum(v * (rank + 1) / n for rank, v in enumerate(numbers)),
    }
