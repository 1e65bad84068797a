"""The report: River's figures beside ours, then every failure with its reason."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from .results import BORROWED, NOT_EXPORTED, OUTCOMES, Results
from .listing import Reason

INTRODUCTION = """\
# River's own test-suite on our package

Written by `cargo xtask river-suite --update`; `docs/internals/river-suite.md` says how to read it.
River 0.26.1's tests run unchanged with `river` meaning our package, its `checks` and `datasets`
being River's own. "River" is the same suite run on River itself.
"""

BORROWINGS = """\
A placeholder is an empty class that one file sees; a borrowed name is River's own, which River's
checks and data sets see. No model of ours is an instance of one of them.
"""
FAILS_ON_RIVER = "fails on River itself, too, in this rig"


@dataclass
class Baseline:
    """River on River: its figures by file, and the few tests that fail there."""

    counts: dict[str, Counter]
    failed: set[str]


def write_baseline(path: Path, results: Results) -> None:
    """A line a file, then a line a failure."""
    lines = ["\t".join(("file", *OUTCOMES))]
    for group, counts in sorted(results.counts().items()):
        lines.append("\t".join([group, *(str(counts[outcome]) for outcome in OUTCOMES)]))
    failed = [name for name, test in results.tests.items() if test.outcome == "failed"]
    lines += [f"failed\t{name}" for name in sorted(failed)]
    path.write_text("\n".join(lines) + "\n")


def read_baseline(path: Path) -> Baseline:
    baseline = Baseline({}, set())
    for line in path.read_text().split("\n")[1:-1]:
        group, *figures = line.split("\t")
        if group == "failed":
            baseline.failed.add(figures[0])
        else:
            baseline.counts[group] = Counter(dict(zip(OUTCOMES, map(int, figures))))
    return baseline


def text(results: Results, baseline: Baseline, reasons: list[Reason]) -> str:
    """The whole report."""
    theirs = baseline.counts
    ours, broken = results.counts(), spread(results.broken, theirs)
    groups = sorted(theirs.keys() | ours.keys() | broken.keys())
    suite = [group for group in groups if not group.startswith("examples of ")]
    examples = [group for group in groups if group.startswith("examples of ")]
    parts = [INTRODUCTION, "## Tests\n", table(suite, theirs, ours, broken)]
    parts += ["\n## Examples in River's docstrings\n"]
    parts += [examples_table(examples, theirs, results)]
    parts += ["\n## What does not pass\n", failures(results, broken, baseline, reasons)]
    if results.used:
        parts += ["\n## Names that River's checks used and we lack\n"]
        parts += [BORROWINGS]
        parts += [f"- `{name}`" for name in sorted(results.used)]
    return "\n".join(parts).rstrip() + "\n"


def table(groups, baseline, ours, broken) -> str:
    lines = ["| file | River: passed | failed | skipped | ours: passed | failed | skipped | |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|---|"]
    total = [Counter(), Counter()]
    for group in groups:
        theirs, own = baseline.get(group, Counter()), ours.get(group, Counter())
        note = BORROWED.get(group, "")
        if not note:
            total[0] += theirs
            total[1] += own
        if group in broken:
            note = f"not collected: {cell(broken[group])}"
        lines.append(f"| `{group}` | {figures(theirs)} | {figures(own)} | {note} |")
    lines.append(f"| all but River's data sets | {figures(total[0])} | {figures(total[1])} | |")
    return "\n".join(lines) + "\n"


def figures(counts: Counter) -> str:
    """An expected failure is neither: it is left out, as River means it."""
    kept = (counts["passed"] + counts["xpassed"], counts["failed"], counts["skipped"])
    return " | ".join(f"{count:,}" for count in kept)


def examples_table(groups, baseline, results: Results) -> str:
    missing = Counter(
        "examples of " + name.partition("[")[2].partition(".")[0]
        for name, test in results.tests.items()
        if test.why.endswith(NOT_EXPORTED)
    )
    ours = results.counts()
    lines = ["| module | River: passed | failed | ours: passed | failed | not exported |"]
    lines += ["|---|--:|--:|--:|--:|--:|"]
    total: Counter = Counter()
    for group in groups:
        theirs, own = baseline.get(group, Counter()), ours.get(group, Counter())
        row = (theirs["passed"], theirs["failed"], own["passed"], own["failed"], missing[group])
        total += Counter(dict(enumerate(row)))
        name = group.removeprefix("examples of ")
        lines.append(f"| `{name}` | " + " | ".join(f"{count:,}" for count in row) + " |")
    lines.append("| all | " + " | ".join(f"{total[i]:,}" for i in range(5)) + " |")
    return "\n".join(lines) + "\n"


def spread(broken: dict[str, str], baseline: dict[str, Counter]) -> dict[str, str]:
    """What breaks in a folder, as its `conftest.py`, breaks for each file in it."""
    whole = {}
    for place, why in broken.items():
        inside = [group for group in baseline if group.startswith(place + "/")]
        whole.update(dict.fromkeys(inside or [place], why))
    return whole


def failures(results: Results, broken, baseline: Baseline, reasons: list[Reason]) -> str:
    """Each reason with its number of tests; then what nobody has explained, grouped by error."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    unexplained: dict[str, list[str]] = defaultdict(list)
    whys, weights = {}, Counter()
    for name, test in results.tests.items():
        if test.outcome == "failed":
            whys[name], weights[name] = test.why, 1
    for file, why in broken.items():
        whys[file] = f"not collected: {why}"
        weights[file] = baseline.counts.get(file, Counter())["passed"]
    for name, why in whys.items():
        reason = next((r.why for r in reasons if r.match.search(f"{name} | {why}")), None)
        if name in baseline.failed:
            reason = FAILS_ON_RIVER
        if reason is not None:
            by_reason[reason].append(name)
        else:
            unexplained[kind(why)].append(name)

    def weight(names: list[str]) -> int:
        return sum(weights[name] for name in names)

    lines = ["A file that is not collected counts with the tests of it that pass on River.\n"]
    lines += ["### With a reason\n", "| tests | reason | for instance |", "|--:|---|---|"]
    for why, names in sorted(by_reason.items(), key=lambda row: (-weight(row[1]), row[0])):
        lines.append(f"| {weight(names):,} | {cell(why)} | `{cell(min(names))}` |")
    lines += ["\n### Unexplained\n", "| tests | error | for instance |", "|--:|---|---|"]
    for _, names in sorted(unexplained.items(), key=lambda row: (-weight(row[1]), row[0])):
        why = whys[min(names)]
        lines.append(f"| {weight(names):,} | {cell(why)} | `{cell(min(names))}` |")
    return "\n".join(lines) + "\n"


def kind(why: str) -> str:
    """An error without its numbers and addresses, so that alike ones stand together."""
    return re.sub(r"0x[0-9a-f]+|-?\d+(\.\d+)?(e[-+]?\d+)?", "#", why)


def cell(words: str) -> str:
    """Text that cannot break a table's row, nor make it endless."""
    words = words.replace("|", "\\|").replace("\n", " ").replace("`", "'")
    return words if len(words) <= 160 else words[:159] + "…"
