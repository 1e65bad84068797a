"""A pytest plugin that writes what became of each test, one JSON object a line.

It also puts the alias in place, since pytest imports it before any file of the suite, and starts
each test from the same random numbers, since River's checks shuffle without a seed.

    RIVER_SUITE_OURS     the package that `river` shall be; empty: River itself
    RIVER_SUITE_RIVER    the folder that River's wheel is installed in
    RIVER_SUITE_RESULTS  the file to add to; what is in it already is not run again
    RIVER_SUITE_ONLY     a file with the ids to run, one a line; empty: all
"""

from __future__ import annotations

import doctest
import json
import os
import random
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from . import alias
from .results import NEEDS_NETWORK, read

LONGEST = 300

ours = os.environ.get("RIVER_SUITE_OURS") or None
alias.install(ours, Path(os.environ["RIVER_SUITE_RIVER"]))


class NoNetwork(urllib.error.URLError):
    """What River's remote data sets meet here, also where there is a network."""


def refuse(*args, **kwargs):
    raise NoNetwork(NEEDS_NETWORK)


urllib.request.urlopen = urllib.request.urlretrieve = refuse


def cause(error: BaseException) -> BaseException:
    """What an example raised, instead of doctest's wrapping of it."""
    return error.exc_info[1] if isinstance(error, doctest.UnexpectedException) else error


def first_line(error: BaseException) -> str:
    """The type and the first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return tidied(f"{type(error).__name__}: {lines[0] if lines else ''}")


def tidied(why: str) -> str:
    """Without what differs from machine to machine: the folders of files."""
    return re.sub(r"(?<![\w.])(/[\w.+-]+){2,}/", "", why)[:LONGEST]


class Recorder:
    """Adds a line when a test starts and one when it has ended."""

    def __init__(self, path: Path, only: Path | None) -> None:
        self.done = read(path) if path.exists() else None
        self.only = set(only.read_text().splitlines()) if only else None
        self.file = path.open("a")
        self.why: dict[str, str] = {}
        self.outcome: dict[str, str] = {}
        self.seconds: dict[str, float] = {}

    def write(self, **fields) -> None:
        self.file.write(json.dumps(fields) + "\n")
        self.file.flush()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items) -> None:
        def wanted(item) -> bool:
            again = self.done is not None and item.nodeid in self.done.tests
            return not again and (self.only is None or item.nodeid in self.only)

        left_out = [item for item in items if not wanted(item)]
        items[:] = [item for item in items if wanted(item)]
        config.hook.pytest_deselected(items=left_out)

    def pytest_collectreport(self, report) -> None:
        if report.outcome == "passed" or not report.nodeid:
            return
        if report.outcome == "skipped":
            why = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        else:
            lines = str(report.longrepr).splitlines()
            errors = [line[1:].strip() for line in lines if line.startswith("E ")]
            why = errors[-1] if errors else (lines[-1] if lines else "no reason given")
        self.write(file=report.nodeid, collection=report.outcome, why=tidied(why))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item) -> None:
        import numpy

        self.write(start=item.nodeid)
        random.seed(0)
        numpy.random.seed(0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        self.seconds[item.nodeid] = self.seconds.get(item.nodeid, 0.0) + call.duration
        if hasattr(report, "wasxfail"):
            outcome, why = f"x{report.outcome}".replace("xskipped", "xfailed"), report.wasxfail
        elif report.outcome == "passed":
            return report
        else:
            error = cause(call.excinfo.value)
            lacks_network = isinstance(error, NoNetwork)
            outcome = "skipped" if lacks_network else report.outcome
            why = NEEDS_NETWORK if lacks_network else first_line(error)
        if self.outcome.get(item.nodeid) != "failed":
            self.outcome[item.nodeid], self.why[item.nodeid] = outcome, why
        return report

    def pytest_runtest_logfinish(self, nodeid) -> None:
        fields = {"id": nodeid, "outcome": self.outcome.get(nodeid, "passed")}
        if nodeid in self.why:
            fields["why"] = self.why[nodeid]
        self.write(**fields, seconds=round(self.seconds.get(nodeid, 0.0), 3))

    def pytest_sessionfinish(self) -> None:
        self.write(used=sorted(alias.used))
        self.file.close()


def pytest_configure(config) -> None:
    only = os.environ.get("RIVER_SUITE_ONLY")
    path = Path(os.environ["RIVER_SUITE_RESULTS"])
    config.pluginmanager.register(Recorder(path, Path(only) if only else None), "river-suite")
