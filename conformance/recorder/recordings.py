"""All recordings, in order: the parts that estimators are made of, then whole models."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import models, parts, scores, signatures, transformers
from .cases import all_cases
from .encode import write
from .streams import MISSING, Event, load

PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "losses": parts.losses,
    "schedulers": parts.schedulers,
    "optimizers": parts.optimizers,
    "stats": parts.statistics,
    "drift": parts.drifts,
    "metrics": scores.record,
}


def record(data: Path, out: Path, only: str) -> Iterator[str]:
    """Write every recording whose name contains `only`, and yield its name."""
    river = out / "river-0.26.1"
    river.mkdir(parents=True, exist_ok=True)
    if only in "signatures":
        write(out, "signatures", signatures.record())
        yield "signatures"
    for name, part in PARTS.items():
        if only in name:
            write(river, name, part())
            yield name
    for case in transformers.all_cases():
        if only in case.name:
            write(river, case.name, transformers.record(case))
            yield case.name
    yield from record_models(data, river, only)
    write(river, "manifest", manifest())


def record_models(data: Path, out: Path, only: str) -> Iterator[str]:
    streams: dict[str, list[Event]] = {}
    for case in all_cases():
        if only not in case.name:
            continue
        if case.stream not in streams:
            streams[case.stream] = load(data, case.stream)
        figures = models.record(case, streams[case.stream][: case.limit])
        head = {"case": case.name, "stream": case.stream, "spec": case.spec}
        write(out, case.name, {**head, **figures})
        yield case.name


def manifest() -> dict[str, Any]:
    """On what the recordings were made."""
    packages = ("river", "numpy", "scipy", "narwhals")
    return {
        "versions": {name: version(name) for name in packages},
        "python": platform.python_version(),
        "PYTHONHASHSEED": 0,
        "missing": MISSING,
    }
