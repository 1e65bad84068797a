"""All recordings, in order: models first, then the parts they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import models
from .cases import all_cases
from .encode import write
from .streams import Event, load


def record(data: Path, out: Path, only: str) -> Iterator[str]:
    """Write every recording whose name contains `only`, and yield its name."""
    river = out / "river-0.26.1"
    river.mkdir(parents=True, exist_ok=True)
    yield from record_models(data, river, only)


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
