"""Record what River 0.26.1 answers, for our estimators to agree with.

    cargo xtask conformance --record        (or by hand: python conformance/record.py --help)

Only River's predictions, weights and figures are written, never a row of anybody's data: the
streams come out of the pinned packages at test time. docs/internals/conformance.md has the format.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="where `cargo xtask data` wrote")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write")
    parser.add_argument("--only", default="", help="record cases whose name contains this")
    args = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Select iterates over a set: without a fixed seed the order of additions would change.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    warnings.filterwarnings("ignore")
    record_all(args.data, args.out, args.only)


def record_all(data: Path, out: Path, only: str) -> None:
    from recorder import recordings

    started = time.process_time()
    live = sys.stderr.isatty()
    written = 0
    for name in recordings.record(data, out, only):
        written += 1
        if live:
            print(f"\r{written:4} recorded: {name:48}", end="", file=sys.stderr, flush=True)
    seconds = time.process_time() - started
    if live:
        print(file=sys.stderr)
    print(f"{written} recorded in {seconds:.1f} s of processor time", file=sys.stderr)
    if written == 0:
        raise SystemExit(f"no case's name contains {only!r}")


if __name__ == "__main__":
    main()
