"""The bench's synthetic streams, the same bytes on every run: python generate.py OUT.

dense{10,30,100}: logistic data on uneven scales, six decimals, as .csv, .ndjson, .vw and .arrows
(an Arrow IPC stream). text: about 15 tokens of a Zipf vocabulary of 20,000, as .ndjson and .vw.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

EVENTS = 100_000
WIDTHS = {10: 0.0, 30: -4.0, 100: 0.0}
VOCABULARY = 20_000
LETTERS = "etaoinshrdlcumwfgypbvkjxqz"


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for width, bias in WIDTHS.items():
        x, y = dense(width, bias)
        write_dense(out / f"dense{width}", x, y)
    write_text(out / "text")
    # Written last: without it the data is made again.
    (out / "complete").write_text(f"{EVENTS} events\n")


def dense(width: int, bias: float) -> tuple[np.ndarray, np.ndarray]:
    """Features on scales from e^-2 to e^4; a bias of -4 makes one event in twenty positive."""
    rng = np.random.default_rng(42 + width)
    scale = np.exp(rng.uniform(-2, 4, width))
    mean = rng.normal(0, 3, width) * scale
    z = rng.standard_normal((EVENTS, width))
    weights = rng.standard_normal(width) / np.sqrt(width) * 2
    y = z @ weights + bias + rng.logistic(size=EVENTS) > 0
    return np.round(z * scale + mean, 6), y


def write_dense(base: Path, x: np.ndarray, y: np.ndarray) -> None:
    names = [f"V{i}" for i in range(x.shape[1])]
    rows = list(zip(x.tolist(), y.tolist(), strict=True))
    with open(f"{base}.ndjson", "w") as file:
        for row, truth in rows:
            event = {"x": dict(zip(names, row, strict=True)), "y": truth}
            file.write(json.dumps(event, separators=(",", ":")) + "\n")
    with open(f"{base}.csv", "w") as file:
        file.write(",".join([*names, "y"]) + "\n")
        for row, truth in rows:
            file.write(",".join(map(repr, row)) + f",{str(truth).lower()}\n")
    with open(f"{base}.vw", "w") as file:
        for row, truth in rows:
            pairs = " ".join(f"{n}:{v}" for n, v in zip(names, row, strict=True))
            file.write(f"{'1' if truth else '-1'} |f {pairs}\n")
    columns = {name: x[:, i] for i, name in enumerate(names)}
    table = pa.table({**columns, "y": y})
    with pa.ipc.new_stream(f"{base}.arrows", table.schema) as stream:
        stream.write_table(table, max_chunksize=8_192)


def write_text(base: Path) -> None:
    rng = np.random.default_rng(7)
    vocabulary = [word(i) for i in range(VOCABULARY)]
    chances = 1 / (np.arange(VOCABULARY) + 10.0)
    weights = rng.standard_normal(VOCABULARY) * 1.2
    lengths = np.maximum(3, rng.poisson(15, EVENTS))
    tokens = rng.choice(VOCABULARY, size=lengths.sum(), p=chances / chances.sum())
    noise = rng.logistic(size=EVENTS)
    ends = np.cumsum(lengths)
    with open(f"{base}.ndjson", "w") as ours, open(f"{base}.vw", "w") as theirs:
        for i, end in enumerate(ends):
            chosen = tokens[end - lengths[i] : end]
            truth = bool(weights[chosen].sum() + noise[i] > 0)
            text = " ".join(vocabulary[t] for t in chosen)
            event = {"x": {"text": text}, "y": truth}
            ours.write(json.dumps(event, separators=(",", ":")) + "\n")
            theirs.write(f"{'1' if truth else '-1'} |t {text}\n")


def word(i: int) -> str:
    """A word of its own for each number."""
    letters = ""
    i += 30
    while i:
        letters += LETTERS[i % 26]
        i //= 26
    return letters


if __name__ == "__main__":
    main()
