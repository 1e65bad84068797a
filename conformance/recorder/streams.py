"""The streams: River's, the tweets, and our own made by integer formulas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from river import datasets

Event = tuple[dict[str, Any], Any]
DATASETS = {
    "phishing": datasets.Phishing,
    "bananas": datasets.Bananas,
    "image_segments": datasets.ImageSegments,
    "trump_approval": datasets.TrumpApproval,
}
MISSING = "i > 0 and (i * 7 + j) % 11 == 0: feature j of event i is null"


def load(data: Path, name: str) -> list[Event]:
    """The events of a stream; what `cargo xtask data` wrote must be what River reads."""
    base = name.removesuffix("-missing").removesuffix("-absent")
    with open(data / f"{base}.ndjson", encoding="utf-8") as file:
        events = [(event["x"], event["y"]) for event in map(json.loads, file)]
    if base in DATASETS and events != list(DATASETS[base]()):
        raise SystemExit(f"{base}.ndjson is not what River's {base} yields: run `cargo xtask data`")
    if name.endswith("-missing"):
        return [(drop(i, x), y) for i, (x, y) in enumerate(events)]
    if name.endswith("-absent"):
        return [(without(drop(i, x)), y) for i, (x, y) in enumerate(events)]
    return events


def without(x: dict[str, Any]) -> dict[str, Any]:
    """What River's trees take: an event that lacks a feature does not have its name."""
    return {name: value for name, value in x.items() if value is not None}


def drop(i: int, x: dict[str, Any]) -> dict[str, Any]:
    """Take features away by the rule in MISSING."""
    return {
        name: None if i > 0 and (i * 7 + j) % 11 == 0 else value
        for j, (name, value) in enumerate(x.items())
    }


def number(i: int) -> float:
    """Our own sequence of numbers, in [-4, 5.98]."""
    return ((i * 7919 + 13) % 1009) / 101 - 4


COLOURS = ("red", "green", "blue", "violet")
SENTENCES = (
    "Panta rhei: everything flows, nothing stays.",
    "No one steps twice into the same river, for other waters are ever flowing on.",
    "CAFÉ déjà-vu, naïve façade — Ångström and Smörgåsbord!",
    "the river the River THE RIVER",
    "a I x yz",
    "",
    "well-known state-of-the-art e-mail under_score 42 3.14 v2",
    "Ωmega Straße ﬁn ½ Ⅳ 東京 x² Привет мир",
    "don't can't it's o'clock",
    "tabs\tand\nnew lines   and    spaces",
)


def rows(n: int) -> Iterator[dict[str, Any]]:
    """Our own mixed rows: numbers, a constant, a category, a flag."""
    for i in range(n):
        yield {
            "a": number(i),
            "b": number(i * 3 + 1) * 100.0,
            "c": (i * 13) % 7,
            "same": 2.5,
            "colour": COLOURS[(i * i + i // 3) % 4],
            "flag": i % 3 == 0,
        }


def numeric(n: int) -> Iterator[dict[str, Any]]:
    """The numbers of `rows` only."""
    for x in rows(n):
        yield {name: x[name] for name in ("a", "b", "c", "same")}


def categories(n: int) -> Iterator[dict[str, Any]]:
    """The categories of `rows`, and the small integer as one."""
    for x in rows(n):
        yield {name: x[name] for name in ("colour", "c", "flag")}


def with_missing(events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for i, x in enumerate(events):
        yield drop(i, x)


def texts(_: int) -> Iterator[dict[str, Any]]:
    """Our own sentences, with accents, other scripts, an empty one and line ends."""
    for sentence in SENTENCES:
        yield {"text": sentence}
