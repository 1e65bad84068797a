"""The peers, one case a process: python peers.py CASE [DATA] -> JSON lines.

A line is {"case", "who", "n", "cpu_s", "wall_s", "events_per_s"}: events per CPU second (user and
system, all threads) of the timed part only. Data is in memory unless the case is about a file.
`python peers.py --list` prints the cases.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

VW = ["--loss_function", "logistic", "--link", "logistic", "--quiet"]
Measure = Callable[[Path], dict[str, Any]]


def timed(who: str, n: int, work: Callable[[], None]) -> dict[str, Any]:
    """Run the work once; the collector is off, as it would measure our lists."""
    gc.collect()
    gc.disable()
    wall, cpu = time.perf_counter(), cpu_seconds()
    work()
    cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
    return {"who": who, "n": n, "cpu_s": cpu, "wall_s": wall, "events_per_s": n / cpu}


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def events(path: Path, n: int) -> list[tuple[dict[str, Any], bool]]:
    with open(path) as file:
        return [(e["x"], e["y"]) for e in map(json.loads, itertools.islice(file, n))]


def lines(path: Path, n: int) -> list[str]:
    with open(path) as file:
        return [line.rstrip("\n") for line in itertools.islice(file, n)]


def count(path: Path) -> int:
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def river(who: str, model: Any, data: list[tuple[Any, bool]]) -> dict[str, Any]:
    """River's loop: predict, then learn."""
    predict, learn = model.predict_one, model.learn_one

    def work() -> None:
        for x, y in data:
            predict(x)
            learn(x, y)

    return timed(who, len(data), work)


def river_dense(width: int) -> Measure:
    def measure(folder: Path) -> dict[str, Any]:
        from river import linear_model, preprocessing

        model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
        n = {10: 50_000, 30: 30_000, 100: 10_000}[width]
        return river("River 0.26.1", model, events(folder / f"dense{width}.ndjson", n))

    return measure


def river_text(folder: Path) -> dict[str, Any]:
    from river import feature_extraction, linear_model, optim

    words = feature_extraction.BagOfWords(on="text")
    model = words | linear_model.LogisticRegression(optim.SGD(0.1))
    return river("River 0.26.1", model, events(folder / "text.ndjson", 30_000))


def river_adwin(_: Path) -> dict[str, Any]:
    from river import drift

    n = 500_000
    values = [float((i * 7919 + 13) % 1009 < (200 if i < n // 2 else 400)) for i in range(n)]
    update = drift.ADWIN().update

    def work() -> None:
        for value in values:
            update(value)

    return timed("River 0.26.1 (Rust inside)", n, work)


def vw_file(name: str) -> Measure:
    """Parse, predict and learn from VW's own text file, in this process."""

    def measure(folder: Path) -> dict[str, Any]:
        import vowpalwabbit

        path = folder / f"{name}.vw"

        def work() -> None:
            vowpalwabbit.Workspace(arg_list=["-d", str(path), *VW]).finish()

        return timed("VW 9.11 (text file)", count(path), work)

    return measure


def vw_cache(name: str) -> Measure:
    """From VW's binary cache: the learner without the parser."""

    def measure(folder: Path) -> dict[str, Any]:
        import vowpalwabbit

        path = folder / f"{name}.vw"
        cache = folder / f"{name}.{os.getpid()}.cache"
        arguments = ["-d", str(path), *VW, "--cache_file", str(cache)]
        vowpalwabbit.Workspace(arg_list=[*arguments, "-k"]).finish()
        try:
            return timed("VW 9.11 (cache file)", count(path),
                         lambda: vowpalwabbit.Workspace(arg_list=arguments).finish())
        finally:
            cache.unlink()

    return measure


def vw_strings(name: str) -> Measure:
    """A Python user of VW: a string an event, predict and then learn."""

    def measure(folder: Path) -> dict[str, Any]:
        import vowpalwabbit

        labelled = lines(folder / f"{name}.vw", 30_000)
        pairs = [("|" + line.split("|", 1)[1], line) for line in labelled]
        workspace = vowpalwabbit.Workspace(arg_list=VW)

        def work() -> None:
            for unlabelled, line in pairs:
                workspace.predict(unlabelled)
                workspace.learn(line)

        result = timed("VW 9.11 (Python strings)", len(pairs), work)
        workspace.finish()
        return result

    return measure


def cases() -> Iterator[tuple[str, Measure]]:
    """A case's name is what `her bench` calls the same work. Several peers may share one."""
    for width in (10, 30, 100):
        yield f"dense-{width}", river_dense(width)
        yield f"dense-{width}", vw_cache(f"dense{width}")
        yield f"ndjson-{width}", vw_file(f"dense{width}")
        yield f"csv-{width}", vw_file(f"dense{width}")
        yield f"arrow-{width}", vw_cache(f"dense{width}")
        yield f"dicts-{width}", river_dense(width)
        yield f"dicts-{width}", vw_strings(f"dense{width}")
    yield "text-15", river_text
    yield "text-15", vw_file("text")
    yield "adwin", river_adwin


def main() -> None:
    if sys.argv[1] == "--list":
        print("\n".join(dict.fromkeys(name for name, _ in cases())))
        return
    wanted = sys.argv[1]
    here = Path(__file__).resolve().parent
    data = Path(sys.argv[2]) if len(sys.argv) > 2 else here.parent / "target/data/bench"
    for name, measure in cases():
        if name == wanted:
            print(json.dumps({"case": name, **measure(data)}), flush=True)


if __name__ == "__main__":
    main()
