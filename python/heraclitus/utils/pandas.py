"""pandas, when it is there."""

from __future__ import annotations

import functools
import importlib.util
import types

__all__ = ["PANDAS_INSTALLED", "import_pandas"]

PANDAS_INSTALLED = importlib.util.find_spec("pandas") is not None


@functools.cache
def import_pandas() -> types.ModuleType:
    """The module, or an error that says how to get it."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("this needs `pandas`: pip install pandas") from error
    return pandas
