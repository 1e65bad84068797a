"""What runs of the suite left behind: read, counted, listed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

OUTCOMES = ("passed", "failed", "skipped", "xfailed")
# Why an example is skipped that is of something our package does not have.
NOT_EXPORTED = "not exported"
# Under the alias these test River's own code: not counted, not listed.
BORROWED = {"tests/datasets/test_datasets.py": "tests River's data sets, which stay River's"}
NEEDS_NETWORK = "needs the network"


@dataclass
class Test:
    """One test's end."""

    outcome: str
    why: str = ""
    seconds: float = 0.0


@dataclass
class Results:
    """The tests by id, the files that could not be collected, and what a broken run leaves."""

    tests: dict[str, Test] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    running: str | None = None
    finished: bool = False

    def __add__(self, other: Results) -> Results:
        tests, broken = self.tests | other.tests, self.broken | other.broken
        return Results(tests, broken, self.used | other.used, None, True)

    def passed(self) -> set[str]:
        return {
            name
            for name, test in self.tests.items()
            if test.outcome == "passed" and group_of(name) not in BORROWED
        }

    def counts(self) -> dict[str, Counter]:
        """Outcomes a file; of examples, a module."""
        table: dict[str, Counter] = defaultdict(Counter)
        for name, test in self.tests.items():
            table[group_of(name)][test.outcome] += 1
        return dict(table)


def is_example(name: str) -> bool:
    """Whether a test is an example in a docstring."""
    return name.startswith("docstrings.py::")


def group_of(name: str) -> str:
    """The file of a test; `examples of x` for the examples of `river.x`."""
    file, _, rest = name.partition("::")
    if is_example(name):
        return "examples of " + rest.partition("[")[2].partition(".")[0]
    return file


def read(path: Path) -> Results:
    """Read what the plugin wrote, also when its process died on the way."""
    results = Results()
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "start" in entry:
            results.running, results.finished = entry["start"], False
        elif "id" in entry:
            test = Test(entry["outcome"], entry.get("why", ""), entry["seconds"])
            results.tests[entry["id"]] = test
            results.running = None
        elif "collection" in entry:
            if entry["collection"] == "failed":
                results.broken[entry["file"].partition("::")[0]] = entry["why"]
        elif "used" in entry:
            results.used |= set(entry["used"])
            results.finished = True
    return results
