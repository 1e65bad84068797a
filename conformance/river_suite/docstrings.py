"""The examples in River's docstrings, run on what `river` is here.

The docstrings are those of River's wheel. `datasets` is left out: it is River's own under the
alias, too. An example of something that our package does not have is skipped as not exported.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import types
import urllib.error

import pytest
from _pytest.doctest import _get_checker, _get_number_flag

from .alias import OWN
from .results import NOT_EXPORTED

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | _get_number_flag()
LEFT_OUT = {"datasets"}


def public(module: types.ModuleType, path: str):
    """(dotted name, object) of every public class and function, submodules included."""
    for name in module.__all__:
        child = getattr(module, name, None)  # River lists a name that it does not have
        if child is None:
            continue
        if inspect.ismodule(child):
            if child.__name__.startswith(OWN) and hasattr(child, "__all__"):
                yield from public(child, f"{path}.{name}")
        else:
            yield f"{path}.{name}", child


def examples() -> dict[str, tuple[str, doctest.DocTest]]:
    """Every docstring that has examples, by its dotted name, with the object that it belongs to."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {}
    api = importlib.import_module(f"{OWN}.api")
    for module in api.__all__:
        if module in LEFT_OUT:
            continue
        for path, thing in public(importlib.import_module(f"{OWN}.{module}"), module):
            if not getattr(thing, "__doc__", None):
                continue
            for test in finder.find(thing, path, module=False, globs={}):
                if test.examples:
                    found[test.name] = (path, test)
    return found


EXAMPLES = examples()


def exported(path: str):
    """The object at a dotted path of `river`, or None."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(f"river.{module}"), name, None)
    except ModuleNotFoundError:
        return None


def names(thing) -> dict:
    """What a docstring sees: its module's own names, those of River being the ones of `river`."""
    module = inspect.getmodule(thing)
    seen = {"__name__": "__main__"}
    for name, value in vars(module).items():
        origin = getattr(value, "__name__" if inspect.ismodule(value) else "__module__", "") or ""
        if name.startswith("__"):
            continue
        if not origin.startswith(OWN):
            seen[name] = value
            continue
        try:
            twin = importlib.import_module("river" + origin.removeprefix(OWN))
            seen[name] = twin if inspect.ismodule(value) else getattr(twin, name)
        except (ImportError, AttributeError):
            continue
    return seen


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example(name: str, tmp_path, monkeypatch) -> None:
    path, test = EXAMPLES[name]
    ours = exported(path)
    if ours is None:
        pytest.skip(NOT_EXPORTED)
    monkeypatch.chdir(tmp_path)
    thing = importlib.import_module(f"{OWN}.api")
    for part in path.split("."):
        thing = getattr(thing, part)
    globs = names(thing) if inspect.isclass(thing) or inspect.isfunction(thing) else {}
    globs[path.rpartition(".")[2]] = ours
    test = doctest.DocTest(
        test.examples, globs, test.name, test.filename, test.lineno, test.docstring
    )
    try:
        doctest.DebugRunner(checker=_get_checker(), optionflags=FLAGS, verbose=False).run(test)
    except doctest.DocTestFailure as failure:
        line = failure.example.source.splitlines()[0]
        want, got = failure.example.want.strip(), failure.got.strip()
        pytest.fail(f"`{line}` gives {got!r}, not {want!r}", pytrace=False)
    except doctest.UnexpectedException as failure:
        if isinstance(failure.exc_info[1], urllib.error.URLError):
            raise failure.exc_info[1] from None
        line = failure.example.source.splitlines()[0]
        error = failure.exc_info[1]
        pytest.fail(f"`{line}` raises {type(error).__name__}: {error}", pytrace=False)
