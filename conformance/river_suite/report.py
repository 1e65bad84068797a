"""The report: River's figures beside ours, then every failure with its reason."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

from .results import NOT_EXPORTED, OUTCOMES, Results
from .listing import Reason

INTRODUCTION = """\
# River's own test-suite on our package

Written by `cargo xtask river-suite --update`; `docs/internals/river-suite.md` says how to read it.
River 0.26.1's tests run unchanged with `river` meaning our package, its `checks` and `datasets`
being River's own. "River" is the same suite run on River itself.
"""


def write_baseline(path: Path, results: Results) -> None:
    """River's figures, a line a file."""
    lines = ["\t".join(("file", *OUTCOMES))]
    for group, counts in sorted(results.counts().items()):
        lines.append("\t".join([group, *(str(counts[outcome]) for outcome in OUTCOMES)]))
    path.write_text("\n".join(lines) + "\n")


def read_baseline(path: Path) -> dict[str, Counter]:
    table = {}
    for line in path.read_text().splitlines()[1:]:
        group, *figures = line.split("\t")
        table[group] = Counter(dict(zip(OUTCOMES, map(int, figures))))
    return table


# Under the alias these test River's own code.
BORROWED = {"tests/datasets/test_datasets.py": "tests River's data sets, which stay River's"}


def text(results: Results, baseline: dict[str, Counter], reasons: list[Reason]) -> str:
    """The whole report."""
    ours, broken = results.counts(), spread(results.broken, baseline)
    groups = sorted(baseline.keys() | ours.keys() | broken.keys())
    suite = [group for group in groups if not group.startswith("examples of ")]
    examples = [group for group in groups if group.startswith("examples of ")]
    parts = [INTRODUCTION, "## Tests\n", table(suite, baseline, ours, broken)]
    parts += ["\n## Examples in River's docstrings\n"]
    parts += [examples_table(examples, baseline, results)]
    parts += ["\n## What does not pass\n", failures(results, broken, baseline, reasons)]
    if results.used:
        parts += ["\n## Names that River's checks used and we lack\n"]
        parts += ["A placeholder is an empty class; a borrowed name is River's own, seen by River's"]
        parts += ["checks and data sets only. No test of ours passes by one of them.\n"]
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


def failures(results: Results, broken, baseline, reasons: list[Reason]) -> str:
    """Each reason with its number of tests; then what nobody has explained, grouped by error."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    unexplained: dict[str, list[str]] = defaultdict(list)
    weights = Counter()
    failed = [(n, t.why, 1) for n, t in results.tests.items() if t.outcome == "failed"]
    for file, why in broken.items():
        count = baseline.get(file, Counter())["passed"]
        failed.append((file, f"not collected: {why}", count))
    for name, why, count in failed:
        weights[name] = count
        reason = next((r for r in reasons if r.match.search(f"{name} | {why}")), None)
        if reason is not None:
            by_reason[reason.why].append(name)
        else:
            unexplained[kind(why)].append(name)

    def weight(names: list[str]) -> int:
        return sum(weights[name] for name in names)

    lines = ["A file that is not collected counts with the tests of it that pass on River.\n"]
    lines += ["### With a reason\n", "| tests | reason | for instance |", "|--:|---|---|"]
    for why, names in sorted(by_reason.items(), key=lambda row: (-weight(row[1]), row[0])):
        lines.append(f"| {weight(names):,} | {cell(why)} | `{cell(min(names))}` |")
    lines += ["\n### Unexplained\n", "| tests | error | for instance |", "|--:|---|---|"]
    for why, names in sorted(unexplained.items(), key=lambda row: (-weight(row[1]), row[0])):
        lines.append(f"| {weight(names):,} | {cell(why)} | `{cell(min(names))}` |")
    return "\n".join(lines) + "\n"


def kind(why: str) -> str:
    """An error without its numbers and addresses, so that alike ones stand together."""
    return re.sub(r"0x[0-9a-f]+|-?\d+(\.\d+)?(e[-+]?\d+)?", "#", why)


def cell(words: str) -> str:
    """Text that cannot break a table's row, nor make it endless."""
    words = words.replace("|", "\\|").replace("\n", " ").replace("`", "'")
    return words if len(words) <= 160 else words[:159] + "…"
