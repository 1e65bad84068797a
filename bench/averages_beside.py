"""Peers that split a stream: contributions by name beside plain averages, on the same events.

    cargo run --profile quick -p her-identity --example averages -- target/data/averages
    target/venv-averages/bin/python bench/averages_beside.py target/data/averages [STREAM…]

The example writes the events, who learns each of them, and our losses; this reads them and lets
the others learn the same events in the same order, exchanging after the same ones:

- Jubatus' rule, from its description: differences since the last round, averaged over all servers
  with 0 for what a server has not met; of covariances the least.
- FedAvg: `flwr.server.strategy.FedAvg.aggregate_fit`, as it comes, on the same local models.
- Vowpal Wabbit's own learner and its `merge_models`.

Local models are stochastic gradient descent on logistic loss, which is ours to the last digits (the
script checks that), and a logistic regression with a variance for each weight, which has the
covariances that Jubatus' rule is about. Prints tables in Markdown: nats an event.
"""

from __future__ import annotations

import json
import logging
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

import numpy as np
from flwr.common import FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.common.typing import Code
from flwr.server.strategy import FedAvg
from vowpalwabbit import Workspace, merge_models

Array = np.ndarray[Any, np.dtype[np.float64]]
SPLITS = ("alike", "labels", "shifted")
PEERS = (2, 4, 16)
SPLIT_NAMES = [f"{peers} {how}" for peers in PEERS for how in SPLITS]
SHARES = (0.1, 1.0)
# Orders of a stream that VW merges: each merge goes over 2^18 places of each peer, so one of
# sixteen takes a second. (With fewer places `merge_models` gives a model that cannot be read back.)
VW_ORDERS = 1
logging.getLogger("flwr").setLevel(logging.ERROR)


@dataclass
class Event:
    """The event's features, a constant last, and its label."""

    x: Array
    y: float
    of: dict[str, int]


@dataclass
class Stream:
    names: list[str]
    learn: list[Event]
    test: list[Event]


def read(path: Path) -> Stream:
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    names = sorted({name for line in lines for name in line["x"]})
    at = {name: i for i, name in enumerate(names)}
    events = []
    for line in lines:
        x = np.zeros(len(names) + 1)
        x[-1] = 1.0
        for name, value in line["x"].items():
            x[at[name]] = value
        events.append(Event(x, float(line["y"]), line["of"]))
    return Stream(names, [e for e in events if e.of], [e for e in events if not e.of])


def rounds(events: int, share: float) -> list[int]:
    """After how many events peers exchange, as in crates/learn/tests/splits/mod.rs."""
    found, at = [], 8
    while at < events:
        found.append(at)
        at += int(max(at * share, 8.0))
    return [*found, events]


def nats(p: float, y: float) -> float:
    return -math.log(max(p if y == 1.0 else 1.0 - p, 1e-12))


def sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


class Sgd:
    """Stochastic gradient descent on logistic loss: our LogisticRegression."""

    def __init__(self, width: int, rate: float) -> None:
        self.arrays = [np.zeros(width)]
        self.rate = rate

    def predict(self, x: Array) -> float:
        return sigmoid(float(self.arrays[0] @ x))

    def learn(self, event: Event) -> None:
        self.arrays[0] += self.rate * (event.y - self.predict(event.x)) * event.x


class Diagonal:
    """Logistic regression with a variance for each weight, from a prior of 1: assumed density
    filtering with the diagonal of the covariance."""

    def __init__(self, width: int) -> None:
        self.arrays = [np.zeros(width), np.ones(width)]

    def predict(self, x: Array) -> float:
        mean, variance = self.arrays
        spread = float(variance @ (x * x))
        return sigmoid(float(mean @ x) / math.sqrt(1.0 + math.pi / 8.0 * spread))

    def learn(self, event: Event) -> None:
        mean, variance = self.arrays
        p = sigmoid(float(mean @ event.x))
        variance[:] = 1.0 / (1.0 / variance + p * (1.0 - p) * event.x**2)
        mean += variance * (event.y - p) * event.x


Local = Sgd | Diagonal


@dataclass
class Told:
    test: float
    prequential: float
    sent: list[int] = field(default_factory=list)
    got: list[int] = field(default_factory=list)


def jubatus(peers: list[Local], before: list[Array], _: list[int], told: Told) -> list[Array]:
    """The mean of the differences over all servers; of covariances the least."""
    diffs = [peer.arrays[0] - before[0] for peer in peers]
    mixed = [before[0] + sum(diffs) / len(peers)]
    if len(before) > 1:
        mixed.append(np.minimum.reduce([peer.arrays[1] for peer in peers]))
    # msgpack: a short text, an array of three single floats.
    cell = 1 + 2 + 1 + 3 * 5
    told.sent.append(cell * round(statistics.mean(int((d != 0).sum()) for d in diffs)))
    told.got.append(cell * int(np.any(diffs, axis=0).sum()))
    return mixed


def fedavg(peers: list[Local], _: list[Array], learned: list[int], told: Told) -> list[Array]:
    """Flower's own aggregation: a mean weighted by the examples of the round."""
    results: list[Any] = []
    for peer, n in zip(peers, learned, strict=True):
        if n > 0:
            parameters = ndarrays_to_parameters(peer.arrays)
            told.sent.append(sum(map(len, parameters.tensors)))
            results.append((None, FitRes(Status(Code.OK, ""), parameters, n, {})))
    mixed, _metrics = FedAvg().aggregate_fit(2, results, [])
    assert mixed is not None
    told.got.append(sum(map(len, mixed.tensors)))
    return parameters_to_ndarrays(mixed)


Mix = Callable[[list[Local], list[Array], list[int], Told], list[Array]]


def live(
    stream: Stream, make: Callable[[], Local], split: str, share: float, mix: Mix | None
) -> Told:
    """Predict, then learn, at the peer that the split says; `mix` makes one of all in rounds."""
    of = [event.of.get(split, 0) for event in stream.learn]
    peers = [make() for _ in range(max(of) + 1)]
    told = Told(0.0, 0.0)
    before = [array.copy() for array in peers[0].arrays]
    learned = [0] * len(peers)
    due = set(rounds(len(of), share)) if mix else set()
    for i, (event, at) in enumerate(zip(stream.learn, of, strict=True)):
        told.prequential += nats(peers[at].predict(event.x), event.y) / len(of)
        peers[at].learn(event)
        learned[at] += 1
        if mix and i + 1 in due:
            before = mix(peers, before, learned, told)
            for peer in peers:
                peer.arrays = [array.copy() for array in before]
            learned = [0] * len(peers)
    told.test = statistics.fmean(nats(peers[0].predict(e.x), e.y) for e in stream.test)
    return told


VW = "--loss_function logistic --link logistic --quiet --preserve_performance_counters"


def vw_line(event: Event, labelled: bool) -> str:
    cells = " ".join(f"{i}:{v:.17g}" for i, v in enumerate(event.x[:-1]) if v != 0.0)
    return f"{'' if not labelled else '1 ' if event.y == 1.0 else '-1 '}| {cells}"


def vowpal(stream: Stream, split: str, share: float, merge: bool, folder: Path) -> Told:
    """The same with VW's learner and its own merge, which goes through files of models."""
    of = [event.of.get(split, 0) for event in stream.learn]
    peers = [Workspace(VW) for _ in range(max(of) + 1)]
    told = Told(0.0, 0.0)
    base: Workspace | None = None
    due = set(rounds(len(of), share)) if merge else set()
    for i, (event, at) in enumerate(zip(stream.learn, of, strict=True)):
        told.prequential += nats(peers[at].predict(vw_line(event, False)), event.y) / len(of)
        peers[at].learn(vw_line(event, True))
        if i + 1 in due:
            merged = merge_models(base, peers)
            path = folder / "merged.vw"
            merged.save(str(path))
            told.sent.append(path.stat().st_size)
            told.got.append(path.stat().st_size)
            for old in [*peers, merged, *([base] if base else [])]:
                old.finish()
            base = Workspace(f"{VW} -i {path}")
            peers = [Workspace(f"{VW} -i {path}") for _ in peers]
    said = [(peers[0].predict(vw_line(event, False)), event.y) for event in stream.test]
    told.test = statistics.fmean(nats(p, y) for p, y in said)
    for old in [*peers, *([base] if base else [])]:
        old.finish()
    return told


def mixing(i: int) -> int:
    """`mix` of crates/learn/tests/splits/mod.rs."""
    mask = (1 << 64) - 1
    z = (i + 1) * 0x9E3779B97F4A7C15 & mask
    z = (z ^ (z >> 29)) * 0xBF58476D1CE4E5B9 & mask
    return z ^ (z >> 32)


def lost_by_jubatus(window: int, dropped: int) -> tuple[int, int]:
    """Its linear mixer as described: `get_diff` at all, the mean is made, `put_diff` at all, which
    clears what came meanwhile. A server that a `put_diff` did not reach has another version at the
    next round: its difference is thrown away and the whole model is taken. Counts updates."""
    local, version, current, events, kept = [0] * 4, [0] * 4, 0, 0, 0
    for turn in range(20):
        for n in range(4):
            local[n] += 512 - window
            events += 512 - window
            if version[n] != current:
                local[n], version[n] = 0, current
        kept += sum(local)
        current += 1
        events += 4 * window
        for n in range(4):
            local[n] += window
            if mixing(turn * 4 + n) % 100 >= dropped:
                # What was taken is in the model now, and so is cleared; so is what came since.
                local[n], version[n] = 0, current
    kept += sum(n for n, v in zip(local, version, strict=True) if v == current)
    return events, events - kept


class Table:
    """Losses of one stream: a row for peers, split and share, a column for who."""

    def __init__(self) -> None:
        self.cells: dict[tuple[Any, ...], list[Told]] = {}

    def add(self, key: tuple[Any, ...], told: Told) -> None:
        self.cells.setdefault(key, []).append(told)

    def mean(self, key: tuple[Any, ...], what: str) -> float | None:
        found = self.cells.get(key)
        return statistics.fmean(getattr(told, what) for told in found) if found else None


COLUMNS: dict[str, list[tuple[str, str]]] = {
    "bayes": [("ours, all", "ours sum"), ("ours, weighed", "ours weighed")],
    "sgd 0.1": [
        ("ours, all", "ours sum"),
        ("ours, weighed", "ours weighed"),
        ("FedAvg", "fedavg"),
        ("Jubatus' rule", "jubatus"),
    ],
    "sgd 0.01": [
        ("ours, all", "ours sum"),
        ("ours, weighed", "ours weighed"),
        ("FedAvg", "fedavg"),
        ("Jubatus' rule", "jubatus"),
    ],
    "diagonal": [("FedAvg", "fedavg"), ("Jubatus' rule", "jubatus")],
    "vw": [("VW's merge", "merge")],
}


def others(stream: Stream, table: Table) -> None:
    width = len(stream.names) + 1
    makes: dict[str, Callable[[], Local]] = {
        "sgd 0.1": lambda: Sgd(width, 0.1),
        "sgd 0.01": lambda: Sgd(width, 0.01),
        "diagonal": lambda: Diagonal(width),
    }
    for model, make in makes.items():
        table.add((model, "pooled"), live(stream, make, "none", 1.0, None))
        for split in SPLIT_NAMES:
            table.add((model, "solo", split), live(stream, make, split, 1.0, None))
            for share in SHARES:
                for name, mix in (("fedavg", fedavg), ("jubatus", jubatus)):
                    table.add((model, name, split, share), live(stream, make, split, share, mix))


def by_vw(stream: Stream, table: Table, folder: Path) -> None:
    table.add(("vw", "pooled"), vowpal(stream, "none", 1.0, False, folder))
    for split in SPLIT_NAMES:
        table.add(("vw", "solo", split), vowpal(stream, split, 1.0, False, folder))
        for share in SHARES:
            table.add(("vw", "merge", split, share), vowpal(stream, split, share, True, folder))


def ours(lines: list[dict[str, Any]], stream: str, table: Table) -> None:
    for line in (line for line in lines if line.get("stream") == stream):
        told = Told(line["test"], line["prequential"], [line["sent"]])
        split = f"{line['peers']} {line['split']}"
        key = {"pooled": ("pooled",), "solo": ("solo", split)}.get(line["who"])
        table.add(
            (line["model"], "ours " + key[0], *key[1:])
            if key
            else (line["model"], f"ours {line['who']}", split, line["share"]),
            told,
        )


def check(table: Table) -> None:
    """The local models are the same: with nobody to talk to, they lose the same."""
    for model in ("sgd 0.1", "sgd 0.01"):
        for key in [key for key in table.cells if key[0] == model and key[1] in ("pooled", "solo")]:
            for what in ("test", "prequential"):
                mine = table.mean((model, "ours " + key[1], *key[2:]), what)
                theirs = table.mean(key, what)
                assert mine is not None and theirs is not None and abs(mine - theirs) < 1e-9, key


def show(table: Table, share: float, what: str) -> None:
    for model, columns in COLUMNS.items():
        pooled = table.mean((model, "ours pooled"), what) or table.mean((model, "pooled"), what)
        if pooled is None:
            continue
        print(f"\n`{model}`, one learner of all events: {pooled:.4f}\n")
        print("| peers | split | alone | " + " | ".join(name for name, _ in columns) + " |")
        print("|---:|---|" + "---:|" * (len(columns) + 1))
        for peers in PEERS:
            for how in SPLITS:
                split = f"{peers} {how}"
                alone = table.mean((model, "ours solo", split), what)
                alone = alone if alone is not None else table.mean((model, "solo", split), what)
                losses = [table.mean((model, who, split, share), what) for _, who in columns]
                cells = [alone, *losses]
                shown = " | ".join("–" if cell is None else f"{cell:.4f}" for cell in cells)
                print(f"| {peers} | {how} | {shown} |")


def show_bytes(table: Table) -> None:
    print("\n| model | who | sent | got, 4 peers |\n|---|---|---:|---:|")
    for model, columns in COLUMNS.items():
        for name, who in columns:
            found = table.cells.get((model, who, "4 alike", SHARES[0]))
            if not found:
                continue
            sent = statistics.fmean(n for told in found for n in told.sent)
            got = [n for told in found for n in told.got]
            shown = statistics.fmean(got) if got else 3 * sent
            print(f"| {model} | {name} | {sent:,.0f} | {shown:,.0f} |")


def main() -> None:
    folder = Path(sys.argv[1])
    lines = [json.loads(line) for line in (folder / "ours.ndjson").read_text().splitlines()]
    for name in sys.argv[2:] or ["phishing", "tweets"]:
        table = Table()
        for order, path in enumerate(sorted(folder.glob(f"{name}-*.ndjson"))):
            stream = read(path)
            others(stream, table)
            with tempfile.TemporaryDirectory() as models:
                if order < VW_ORDERS:
                    by_vw(stream, table, Path(models))
            print(f"{path.name} is done", file=sys.stderr, flush=True)
        ours(lines, name, table)
        check(table)
        for share in SHARES:
            for what in ("test", "prequential"):
                print(f"\n## {name}: {what} loss, exchanging when {share:.0%} is new")
                show(table, share, what)
        print(f"\n## {name}: bytes a peer and round")
        show_bytes(table)
    print("\n## Updates lost, of four peers\n")
    print("| learned while on the way | messages dropped | updates | Jubatus' rule | ours |")
    print("|---:|---:|---:|---:|---:|")
    for line in (line for line in lines if "window" in line):
        events, lost = lost_by_jubatus(line["window"], line["dropped"])
        assert events == line["events"], (events, line)
        window, dropped, ours_lost = line["window"], line["dropped"], line["lost"]
        print(f"| {window} of 512 | {dropped} % | {events:,} | {lost:,} | {ours_lost} |")


if __name__ == "__main__":
    main()
