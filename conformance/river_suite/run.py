"""Run River's suite and examples, compare with what is listed, write the report.

    cargo xtask river-suite [--check|--baseline|--update]     does the set-up and calls this

`check` runs the listed tests only and fails when one no longer passes; `baseline` runs River's
suite on River; `report` runs all of it on our package and writes the report.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from . import listing, report
from .results import Results, Test, is_example, read

HERE = Path(__file__).resolve().parent
SECONDS_A_TEST = 300


class Rig:
    """The folders, and the two pytest runs that make one run of the suite."""

    def __init__(self, suite: Path, river: Path, out: Path, ours: str | None, path: list[str]):
        self.suite, self.river, self.out, self.ours, self.path = suite, river, out, ours, path

    def environment(self, results: Path, only: Path | None) -> dict[str, str]:
        path = [*self.path, str(HERE.parent)] + ([] if self.ours else [str(self.river)])
        return os.environ | {
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "RIVER_SUITE_OURS": self.ours or "",
            "RIVER_SUITE_RIVER": str(self.river),
            "RIVER_SUITE_RESULTS": str(results),
            "RIVER_DATA": str(self.out / "no-data"),  # what a developer downloaded changes nothing
            "RIVER_SUITE_ONLY": str(only or ""),
        }

    def run(self, name: str, files: list[str], only: set[str] | None = None) -> Results:
        """Run to the end, however often the interpreter dies on the way."""
        self.out.mkdir(parents=True, exist_ok=True)
        listed = None
        if only is not None:
            listed = self.out / f"{name}.only"
            listed.write_text("".join(f"{test}\n" for test in sorted(only)))
        options = ["-c", os.devnull, "--rootdir", str(HERE), "docstrings.py"]
        results = Results(finished=True)
        if only is None or any(not is_example(test) for test in only):
            results += self.pytest(self.suite, files, self.out / f"{name}.jsonl", listed)
        if only is None or any(is_example(test) for test in only):
            results += self.pytest(HERE, options, self.out / f"{name}-examples.jsonl", listed)
        return results

    def pytest(self, folder: Path, arguments: list[str], results: Path, only) -> Results:
        """One pytest; a test in which the interpreter dies has failed, and the rest goes on."""
        command = [
            *(sys.executable, "-m", "pytest", "-p", "river_suite.plugin", "-p", "no:cacheprovider"),
            *("-q", "--no-header", "--color=no", "--tb=no", "--no-summary"),
            "--continue-on-collection-errors",
            *("--timeout", str(SECONDS_A_TEST), "--timeout-method=thread"),
        ]
        log = results.with_suffix(".log")
        for left in (results, log):
            left.unlink(missing_ok=True)
        while True:
            with log.open("a") as talk:
                ended = subprocess.run(
                    [*command, *arguments],
                    cwd=folder,
                    env=self.environment(results, only),
                    stdout=talk,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
            state = read(results) if results.exists() else Results()
            if state.finished:
                return state
            if state.running is None:
                sys.exit(f"pytest ended with {ended.returncode} before any test: see {log}")
            listing.append(
                results,
                state.running,
                Test("failed", f"the interpreter died ({ended.returncode}) or it took too long"),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["check", "baseline", "report", "update"])
    parser.add_argument("--suite", type=Path, required=True, help="River's sdist, unpacked")
    parser.add_argument("--river", type=Path, required=True, help="where River's wheel is")
    parser.add_argument("--out", type=Path, required=True, help="for results and logs")
    parser.add_argument("--package", type=Path, help="the folder of our package")
    parser.add_argument("--report", type=Path, default=HERE.parent / "river-suite.md")
    parser.add_argument("--passed", type=Path, default=HERE / "passed.txt")
    parser.add_argument("--baseline", type=Path, default=HERE / "baseline.tsv")
    parser.add_argument("--reasons", type=Path, default=HERE / "reasons.toml")
    parser.add_argument("files", nargs="*", default=["tests"], help="some of River's test files")
    args = parser.parse_args()
    if args.verb == "baseline":
        rig = Rig(args.suite, args.river, args.out, None, [])
        report.write_baseline(args.baseline, rig.run("baseline", args.files))
        return
    if args.package is None:
        parser.error("--package is needed to run on our package")
    rig = Rig(args.suite, args.river, args.out, args.package.name, [str(args.package.parent)])
    listed = listing.read_passed(args.passed)
    if args.verb == "check":
        sys.exit(check(rig, listed, args.reasons))
    results = rig.run("ours", args.files)
    lost = listing.lost(listed, results)
    if args.verb == "update":
        unsteady = listing.read_patterns(args.reasons, "unsteady")
        steady = {name for name in results.passed() if not listing.fits(name, unsteady)}
        listing.write_passed(args.passed, steady)
    baseline = report.read_baseline(args.baseline)
    args.report.write_text(report.text(results, baseline, listing.read_reasons(args.reasons)))
    say(f"{len(results.passed()):,} tests and examples pass; see {args.report.name}")
    if args.verb == "report":
        sys.exit(complain(lost))


def check(rig: Rig, listed: set[str], reasons: Path) -> int:
    """The ratchet: what is listed and is not too long for a check must pass."""
    slow = listing.read_patterns(reasons, "slow")
    only = {test for test in listed if not listing.fits(test, slow)}
    if len(only) < len(listed):
        say(f"{len(listed) - len(only):,} listed tests left out of the check: too long")
    if not only:
        say("passed.txt lists no test: there is nothing to keep")
        return 0
    results = rig.run("check", ["tests"], only)
    say(f"{len(only & results.passed()):,} of {len(only):,} listed tests pass")
    return complain(listing.lost(only, results))


def complain(lost: dict[str, str]) -> int:
    """Name what no longer passes."""
    if not lost:
        return 0
    say(f"{len(lost):,} tests are in conformance/river_suite/passed.txt and do not pass:")
    for test, why in sorted(lost.items())[:50]:
        say(f"  {test}\n      {why}")
    if len(lost) > 50:
        say(f"  and {len(lost) - 50:,} more")
    return 1


def say(line: str) -> None:
    print(f"river-suite: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
