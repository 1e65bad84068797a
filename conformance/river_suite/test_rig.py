"""Proof that the rig notices what it is there for, on a tiny suite and a tiny package.

    cargo xtask river-suite --prove
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from . import listing, report
from .results import read
from .run import Rig, check

RIVER = Path(os.environ["RIVER_SUITE_RIVER"])
TESTS = Path(os.environ["RIVER_SUITE_TESTS"])

SUITE = {
    "conftest.py": "",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "tests/__init__.py": "",
    "tests/test_stats.py": """
        import pytest
        from river import stats
        import river.stats.mean as mean

        def test_one_identity():
            import heraclitus.stats
            assert stats is heraclitus.stats and stats.Mean is mean.Mean

        def test_a_function_stays_in_the_place_of_its_module():
            from river.stats.link import link
            import river.stats.link
            assert stats.link is link and callable(link)

        @pytest.mark.parametrize("value", [1, 2])
        def test_mean(value):
            assert stats.Mean().value == value, "not the value"

        @pytest.mark.skip(reason="not today")
        def test_skipped():
            pass

        @pytest.mark.xfail(reason="known")
        def test_known():
            assert False

        def test_data():
            from river import datasets
            x, y = next(iter(datasets.Phishing()))
            assert len(x) == 9

        def test_remote():
            from river import datasets
            next(iter(datasets.CreditCard()))
    """,
    "tests/test_missing.py": """
        from river import reco

        def test_never():
            pass
    """,
    "tests/test_checks.py": """
        from river import base, checks

        def test_checks_see_our_base():
            assert checks.Estimator is base.Estimator
            assert checks.common.base is base

        def test_what_we_lack_is_rivers():
            assert checks.Ranker.__module__.startswith("_rivers_own.")
            assert not issubclass(base.Estimator, checks.Ranker)

        def test_rivers_extension_is_hidden():
            import pytest
            with pytest.raises(ImportError):
                import river._river_rust
    """,
    "tests/test_estimators.py": """
        import pytest
        from river import base, imblearn, stats
        from river.compat.river_to_sklearn import River2SKLBase

        def test_placeholders_are_nobodys_class():
            assert not issubclass(stats.Mean, (imblearn.RandomSampler, River2SKLBase))
            assert stats.Mean.value == 1

        def test_nothing_else_is_lent():
            with pytest.raises(AttributeError, match="our package has no imblearn.Other"):
                imblearn.Other
            with pytest.raises(AttributeError, match="our package has no stats.Var"):
                stats.Var
            with pytest.raises(ImportError):
                from river import reco
    """,
    "tests/folder/__init__.py": "",
    "tests/folder/conftest.py": "import river.sketch",
    "tests/folder/test_inside.py": "def test_inside(): pass",
    "tests/test_dies.py": """
        import os

        def test_dies():
            os.abort()

        def test_afterwards():
            pass
    """,
}
PACKAGE = {
    "heraclitus/__init__.py": "from . import base, stats",
    "heraclitus/api.py": "",
    "heraclitus/base/__init__.py": "from .estimator import Estimator",
    "heraclitus/base/estimator.py": "class Estimator: pass",
    "heraclitus/stats/__init__.py": "from .mean import Mean\nfrom .link import link",
    "heraclitus/stats/link.py": "def link(): pass",
    "heraclitus/stats/mean.py": """
        from river.stats.circle import one
        class Mean:
            value = one
    """,
    "heraclitus/stats/circle.py": "from river import stats\none = 1",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rig")
    write(folder / "suite", SUITE)
    write(folder / "package", PACKAGE)
    return folder


def rig(folder: Path, out: str) -> Rig:
    package = str(folder / "package")
    return Rig(folder / "suite", RIVER, folder / out, "heraclitus", [package])


@pytest.fixture(scope="module")
def results(folder):
    return rig(folder, "out").run("ours", ["tests"])


@pytest.fixture
def reasons(folder) -> Path:
    path = folder / "reasons.toml"
    path.write_text("slow = []\n[[reason]]\nmatch = 'reco'\nwhy = 'no recommenders'\n")
    return path


def outcome(results, name: str) -> str:
    return results.tests[name].outcome


def test_outcomes_are_told_apart(results) -> None:
    file = "tests/test_stats.py::"
    assert outcome(results, file + "test_one_identity") == "passed"
    assert outcome(results, file + "test_mean[1]") == "passed"
    assert outcome(results, file + "test_mean[2]") == "failed"
    assert results.tests[file + "test_mean[2]"].why == "AssertionError: not the value"
    assert outcome(results, file + "test_skipped") == "skipped"
    assert outcome(results, file + "test_known") == "xfailed"


def test_data_is_rivers_and_never_from_the_network(results) -> None:
    assert outcome(results, "tests/test_stats.py::test_data") == "passed"
    remote = results.tests["tests/test_stats.py::test_remote"]
    assert (remote.outcome, remote.why) == ("skipped", "needs the network")


def test_checks_are_rivers_and_see_our_classes(results) -> None:
    found = {n: t for n, t in results.tests.items() if n.startswith("tests/test_checks.py")}
    assert len(found) == 3
    assert {test.outcome for test in found.values()} == {"passed"}, found
    assert "borrowed reco.base.Ranker" in results.used


def test_a_file_that_cannot_be_imported_is_named(results) -> None:
    assert set(results.broken) == {"tests/test_missing.py", "tests/folder"}
    assert "reco" in results.broken["tests/test_missing.py"]


def test_lent_names_are_placeholders_for_one_file(results) -> None:
    found = {n: t for n, t in results.tests.items() if n.startswith("tests/test_estimators.py")}
    assert [test.outcome for test in found.values()] == ["passed"] * 2, found
    assert "placeholder imblearn.RandomSampler" in results.used


def test_a_dead_interpreter_fails_one_test_only(results) -> None:
    assert "died" in results.tests["tests/test_dies.py::test_dies"].why
    assert outcome(results, "tests/test_dies.py::test_afterwards") == "passed"


def test_examples_are_those_of_what_we_export(results) -> None:
    mean = results.tests["docstrings.py::test_example[stats.Mean]"]
    assert mean.outcome == "failed"
    assert mean.why.startswith("Failed: `for x in X:` raises AttributeError")
    assert results.tests["docstrings.py::test_example[stats.Var]"].why.endswith("not exported")


def test_the_check_passes_on_what_passed(folder, results, reasons) -> None:
    assert check(rig(folder, "same"), results.passed(), reasons) == 0
    again = read(folder / "same" / "check.jsonl")
    assert set(again.tests) == results.passed(), "runs what is listed, nothing else"


def test_a_planted_failure_is_noticed(folder, results, reasons, capsys) -> None:
    name = "tests/test_stats.py::test_mean[2]"
    assert check(rig(folder, "failure"), {name, *results.passed()}, reasons) == 1
    assert f"{name}\n      failed: AssertionError: not the value" in capsys.readouterr().err


def test_a_planted_missing_test_is_noticed(folder, reasons, capsys) -> None:
    listed = {
        "tests/test_stats.py::test_gone",
        "tests/test_gone.py::test_gone",
        "tests/test_missing.py::test_never",
        "tests/folder/test_inside.py::test_inside",
    }
    assert check(rig(folder, "missing"), listed, reasons) == 1
    said = capsys.readouterr().err
    assert said.count("there is no such test any more") == 2
    assert "tests/test_missing.py::test_never\n      not collected: ImportError" in said
    assert "test_inside\n      not collected: ModuleNotFoundError" in said


def test_what_is_too_long_is_left_out_and_said(folder, results, reasons, capsys) -> None:
    reasons.write_text("slow = ['test_mean', 'test_example', 'test_afterwards']\n")
    listed = {"tests/test_stats.py::test_mean[2]", "tests/test_stats.py::test_one_identity"}
    assert check(rig(folder, "slow"), listed, reasons) == 0
    assert "1 listed tests left out" in capsys.readouterr().err


def test_the_list_is_read_as_it_was_written(tmp_path) -> None:
    names = {"a.py::b[x y::z]", "a.py::a", "b/c.py::d[ e]", "b/c.py::#"}
    listing.write_passed(tmp_path / "passed.txt", names)
    assert listing.read_passed(tmp_path / "passed.txt") == names
    assert listing.read_passed(tmp_path / "none.txt") == set()


def test_the_report_names_every_failure(folder, results, reasons) -> None:
    report.write_baseline(folder / "baseline.tsv", results)
    baseline = report.read_baseline(folder / "baseline.tsv")
    assert "tests/test_stats.py::test_mean[2]" in baseline.failed
    baseline.failed = {"tests/test_dies.py::test_dies"}
    baseline.counts["tests/test_missing.py"] = Counter(passed=7)
    baseline.counts["tests/folder/test_inside.py"] = Counter(passed=1)
    text = report.text(results, baseline, listing.read_reasons(reasons))
    assert "| `tests/test_missing.py` | 7 | 0 | 0 | 0 | 0 | 0 | not collected: " in text
    assert "| `tests/folder/test_inside.py` | 1 | 0 | 0 | 0 | 0 | 0 | not collected: " in text
    assert "/heraclitus/" not in text, "no machine's folders"
    assert "| 7 | no recommenders | `tests/test_missing.py` |" in text
    assert "| 1 | fails on River itself, too" in text
    assert "| 1 | AssertionError: not the value |" in text


def test_every_lent_name_is_left_out_by_rivers_file() -> None:
    """A lent class may never be one that River's file tests."""
    from .alias import LENT

    text = (TESTS / "tests" / "test_estimators.py").read_text()
    left_out, tested = text.partition("ignored = (")[2].split("def can_be_tested")
    for name in LENT:
        short = name.rpartition(".")[2]
        assert short in left_out and short not in tested, name


def test_python_is_the_suites_own() -> None:
    """River must come in by the alias alone."""
    assert not any((Path(entry) / "river").exists() for entry in sys.path if entry)
