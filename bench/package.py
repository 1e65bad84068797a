"""The Python package beside its peers: python package.py [CASE…] -> a table in Markdown.

Each figure is of a process of its own; rounds alternate, ours first, and the median counts. Speeds
are events per CPU second (user and system, all threads) of the timed part, with data in memory.
`python package.py --list` prints the cases.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import random
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

Event = tuple[dict[str, float], bool]

#: Cases that CapyMOA has too, and over how many events: as many as below.
MOA_CASES = {
    "hoeffding-tree": 20_000,
    "arf-10": 5_000,
    "srp-10": 2_000,
    "leveraging-bagging-10": 2_000,
}
#: The interpreter of its environment.
MOA_PYTHON = Path(__file__).parent.parent / "target/venv-capymoa/bin/python"


def events(n: int, width: int, seed: int = 7) -> list[Event]:
    """Two classes by a slanted border that turns halfway, with a tenth of noise."""
    rng = random.Random(seed)
    found = []
    names = [f"f{i}" for i in range(width)]
    for at in range(n):
        x = {name: rng.gauss(i % 5, 1 + i % 3) for i, name in enumerate(names)}
        turned = 1 if at < n // 2 else -1
        y = x["f0"] + turned * x["f1"] * x["f2"] > 1
        found.append((x, y if rng.random() > 0.1 else not y))
    return found


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(n: int, work: Callable[[], Any]) -> dict[str, Any]:
    gc.collect()
    gc.disable()
    before = cpu_seconds()
    said = work()
    took = cpu_seconds() - before
    return {"value": n / took, "said": said}


def load(package: str, module: str) -> Any:
    return importlib.import_module(f"{package}.{module}")


def scaled_logistic(package: str) -> Any:
    scaler = load(package, "preprocessing").StandardScaler()
    return scaler | load(package, "linear_model").LogisticRegression()


def classify(model: Any, data: list[Event]) -> dict[str, Any]:
    """Predict, then learn; says the accuracy."""

    def work() -> str:
        predict, learn, right = model.predict_one, model.learn_one, 0
        for x, y in data:
            right += predict(x) == y
            learn(x, y)
        return f"accuracy {right / len(data):.4f}"

    return timed(len(data), work)


def dicts(width: int) -> Callable[[str], dict[str, Any]]:
    def measure(package: str) -> dict[str, Any]:
        n = 20_000 if width < 100 else 6_000
        # A parser makes new keys for every event: so do we.
        data = [(json.loads(json.dumps(x)), y) for x, y in events(n, width)]
        return classify(scaled_logistic(package), data)

    return measure


def many(width: int) -> Callable[[str], dict[str, Any]]:
    """A thousand rows at a time: learn_many, then predict_many of the next batch."""

    def measure(package: str) -> dict[str, Any]:
        import pandas as pd
        import pyarrow as pa

        data = events(20_000, width)
        frames = []
        for at in range(0, len(data), 1000):
            rows = data[at : at + 1000]
            frame = pd.DataFrame([x for x, _ in rows])
            y = pd.Series([y for _, y in rows])
            frames.append((frame, y) if package == "river" else (pa.Table.from_pandas(frame), y))
        model = scaled_logistic(package)
        model.learn_many(*frames[0])

        def work() -> str:
            for X, y in frames:
                model.predict_many(X)
                model.learn_many(X, y)
            return ""

        return timed(len(data), work)

    return measure


def model_of(module: str, name: str, n: int, **params: Any) -> Callable[[str], dict[str, Any]]:
    def measure(package: str) -> dict[str, Any]:
        return classify(getattr(load(package, module), name)(**params), events(n, 10))

    return measure


def ensemble_of(
    module: str, name: str, n: int, *, wraps: bool = False
) -> Callable[[str], dict[str, Any]]:
    """Ten Hoeffding trees that vote."""

    def measure(package: str) -> dict[str, Any]:
        params: dict[str, Any] = {"n_models": 10, "seed": 42}
        if wraps:
            params["model"] = load(package, "tree").HoeffdingTreeClassifier()
        return classify(getattr(load(package, module), name)(**params), events(n, 10))

    return measure


def half_space_trees(package: str) -> dict[str, Any]:
    scaler = load(package, "preprocessing").MinMaxScaler()
    model = scaler | load(package, "anomaly").HalfSpaceTrees(seed=42)
    data = events(40_000, 10)

    def work() -> str:
        total = 0.0
        for x, _ in data:
            model.learn_one(x)
            total += model.score_one(x)
        return f"mean score {total / len(data):.6f}"

    return timed(len(data), work)


def k_means(package: str) -> dict[str, Any]:
    scaler = load(package, "preprocessing").StandardScaler()
    model = scaler | load(package, "cluster").KMeans(n_clusters=5, seed=42)
    data = events(40_000, 10)

    def work() -> str:
        for x, _ in data:
            model.learn_one(x)
            model.predict_one(x)
        return ""

    return timed(len(data), work)


def adwin(package: str) -> dict[str, Any]:
    detector = load(package, "drift").ADWIN()
    rng = random.Random(1)
    series = [rng.random() + (at // 50_000) for at in range(200_000)]

    def work() -> str:
        update, found = detector.update, 0
        for x in series:
            update(x)
            found += detector.drift_detected
        return f"{found} changes"

    return timed(len(series), work)


def memory(package: str) -> dict[str, Any]:
    """Resident bytes of a model that has learned 100 events of 30 features, of 300 of them."""
    data = events(100, 30)
    keep = [scaled_logistic(package) for _ in range(20)]
    for model in keep:
        model.learn_one(*data[0])
    before = resident()
    for _ in range(300):
        model = scaled_logistic(package)
        for x, y in data:
            model.learn_one(x, y)
        keep.append(model)
    return {"value": (resident() - before) / 300, "said": ""}


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def copies(which: str) -> Callable[[str], dict[str, Any]]:
    """Microseconds to write a model of 30 features into bytes, or to read it."""

    def measure(package: str) -> dict[str, Any]:
        model = scaled_logistic(package)
        for x, y in events(100, 30):
            model.learn_one(x, y)
        data = pickle.dumps(model)
        work = (lambda: pickle.dumps(model)) if which == "save" else (lambda: pickle.loads(data))
        before = cpu_seconds()
        for _ in range(1000):
            work()
        took = cpu_seconds() - before
        return {"value": took * 1e3, "said": f"{len(data)} bytes"}

    return measure


def importing(package: str) -> dict[str, Any]:
    before = cpu_seconds()
    load(package, "linear_model")
    load(package, "preprocessing")
    took = cpu_seconds() - before
    return {"value": took * 1e3, "said": f"{resident() / 1e6:.0f} MB resident"}


#: Case -> (unit, goal of the ratio, what is measured). A larger value is better for `events/s`.
CASES: dict[str, tuple[str, str, Callable[[str], dict[str, Any]]]] = {
    **{f"dicts-{d}": ("events/s", "≥ 8", dicts(d)) for d in (10, 30, 100)},
    **{f"many-{d}": ("events/s", "≥ 3", many(d)) for d in (10, 30, 100)},
    "hoeffding-tree": ("events/s", "≥ 14", model_of("tree", "HoeffdingTreeClassifier", 20_000)),
    "arf-10": ("events/s", "≥ 9", model_of("forest", "ARFClassifier", 5_000, seed=42)),
    "srp-10": ("events/s", "", ensemble_of("ensemble", "SRPClassifier", 2_000)),
    "leveraging-bagging-10": (
        "events/s",
        "",
        ensemble_of("ensemble", "LeveragingBaggingClassifier", 2_000, wraps=True),
    ),
    "amf-10": ("events/s", "", model_of("forest", "AMFClassifier", 2_000, seed=42)),
    "knn": ("events/s", "", model_of("neighbors", "KNNClassifier", 1_000)),
    "half-space-trees": ("events/s", "≥ 50", half_space_trees),
    "gaussian-nb": ("events/s", "≥ 50", model_of("naive_bayes", "GaussianNB", 20_000)),
    "k-means": ("events/s", "≥ 50", k_means),
    "adwin": ("updates/s", "≥ 1", adwin),
    "memory": ("bytes a model", "≥ 1", memory),
    "save": ("µs", "", copies("save")),
    "load": ("µs", "", copies("load")),
    "import": ("ms", "", importing),
}


def one(case: str, package: str) -> dict[str, Any]:
    """A case in a process of its own."""
    command = [sys.executable, __file__, "--one", case, package]
    if package == "capymoa":
        command = [str(MOA_PYTHON), str(Path(__file__).parent / "capymoa_peer.py"), case]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return {"value": None, "said": last}
    return json.loads(done.stdout.splitlines()[-1])


def row(case: str, rounds: int) -> str:
    unit, goal, _ = CASES[case]
    runs: dict[str, list[dict[str, Any]]] = {"heraclitus": [], "river": []}
    if case in MOA_CASES and MOA_PYTHON.exists():
        runs["capymoa"] = []
    for _ in range(rounds):
        for package, seen in runs.items():
            seen.append(one(case, package))
    values = {}
    for package, seen in runs.items():
        failed = [run["said"] for run in seen if run["value"] is None]
        if failed:
            return f"| {case} | {unit} | not measured: {package}: {failed[0]} | | | {goal} | | |"
        values[package] = statistics.median(run["value"] for run in seen)
    ours, river = values["heraclitus"], values["river"]
    ratio = ours / river if unit.endswith("/s") else river / ours
    moa = f"{values['capymoa']:,.0f}" if "capymoa" in values else ""
    gap = ""
    if goal:
        wanted = float(goal.removeprefix("≥ "))
        gap = "reached" if ratio >= wanted else f"−{100 - 100 * ratio / wanted:.0f} %"
    said = " · ".join(
        f"{package}: {', '.join(words)}"
        for package, seen in runs.items()
        if (words := dict.fromkeys(run["said"] for run in seen if run["said"]))
    )
    return (
        f"| {case} | {unit} | {ours:,.0f} | {river:,.0f} | {moa} | {ratio:.1f} × | {goal} | {gap} "
        f"| {said} |"
    )


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--list"]:
        print("\n".join(CASES))
        return
    if arguments[:1] == ["--one"]:
        print(json.dumps(CASES[arguments[1]][2](arguments[2])))
        return
    rounds = int(os.environ.get("ROUNDS", "3"))
    print("| case | unit | heraclitus | River 0.26.1 | CapyMOA | ours is | goal | gap | |")
    print("|---|---|---:|---:|---:|---:|---|---|---|")
    for case in CASES:
        if not arguments or any(case.startswith(word) for word in arguments):
            print(row(case, rounds), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
