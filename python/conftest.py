"""Skips examples in docstrings that need what is not installed."""

import doctest
import importlib.util
import re
import typing

import pytest

_IMPORT = re.compile(r"^(?:import|from)\s+(\w+)", re.MULTILINE)
# What else a package needs before frames or wrappers work with it.
_WITH = {"pandas": ["narwhals"], "sklearn": ["narwhals"]}
# Modules that can only be imported when a package is there.
_MODULES = {"river_to_sklearn.py": "sklearn", "sklearn_to_river.py": "sklearn"}


def _is_missing(package: str) -> bool:
    names = [package, *_WITH.get(package, [])]
    return any(importlib.util.find_spec(name) is None for name in names)


def pytest_ignore_collect(collection_path: typing.Any) -> bool | None:
    package = _MODULES.get(collection_path.name)
    return True if package and _is_missing(package) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        example = getattr(item, "dtest", None)
        if not isinstance(example, doctest.DocTest):
            continue
        code = "".join(step.source for step in example.examples)
        missing = sorted(filter(_is_missing, set(_IMPORT.findall(code))))
        if missing:
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}"))
