"""The files kept by hand or by `--update`: what passes, and why the rest does not."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .results import Results, Test

HEAD = "# What passes, and shall: written by `cargo xtask river-suite --update`.\n"


def read_passed(path: Path) -> set[str]:
    """The listed ids. A file's ids are indented below its name."""
    listed, file = set(), ""
    for line in path.read_text().split("\n") if path.exists() else []:
        if line.startswith("#") or not line:
            continue
        if line.startswith("  "):
            listed.add(f"{file}::{line[2:]}")
        else:
            file = line
    return listed


def write_passed(path: Path, passed: set[str]) -> None:
    """The same, sorted, so that a change shows as lines."""
    files: dict[str, list[str]] = {}
    for name in passed:
        file, _, rest = name.partition("::")
        files.setdefault(file, []).append(rest)
    blocks = (
        file + "\n" + "".join(f"  {rest}\n" for rest in sorted(files[file]))
        for file in sorted(files)
    )
    path.write_text(HEAD + "".join(blocks))


def lost(listed: set[str], results: Results) -> dict[str, str]:
    """What is listed and did not pass, with why."""
    found = {}
    for name in listed - results.passed():
        test = results.tests.get(name)
        if test is not None:
            found[name] = f"{test.outcome}: {test.why}"
        else:
            file = name.partition("::")[0]
            places = [place for place in results.broken if f"{file}/".startswith(f"{place}/")]
            why = results.broken[places[0]] if places else "there is no such test any more"
            found[name] = f"not collected: {why}"
    return found


def append(path: Path, name: str, test: Test) -> None:
    """Add a test's end that its own process could not write."""
    entry = {"id": name, "outcome": test.outcome, "why": test.why, "seconds": 0.0}
    with path.open("a") as file:
        file.write(json.dumps(entry) + "\n")


@dataclass
class Reason:
    """Why tests that match fail; `count` is filled by the report."""

    match: re.Pattern
    why: str


def read_reasons(path: Path) -> list[Reason]:
    """In order: the first that matches `id | first line of the error` counts."""
    rows = tomllib.loads(path.read_text()).get("reason", [])
    return [Reason(re.compile(row["match"]), row["why"]) for row in rows]


def read_patterns(path: Path, key: str) -> list[re.Pattern]:
    """`slow`: what the check leaves out. `unsteady`: what is never listed."""
    return [re.compile(row) for row in tomllib.loads(path.read_text()).get(key, [])]


def fits(name: str, patterns: list[re.Pattern]) -> bool:
    return any(pattern.search(name) for pattern in patterns)
