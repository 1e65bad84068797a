"""Tools that estimators are made of, and that go round them, with River's names."""

from . import dataframe, math, norm, pandas, pretty, random
from .context_managers import log_method_calls
from .param_grid import expand_param_grid
from .rolling import Rolling, TimeRolling
from .sorted_window import SortedWindow
from .vectordict import VectorDict

__all__ = [
    "Rolling",
    "SortedWindow",
    "TimeRolling",
    "VectorDict",
    "dataframe",
    "expand_param_grid",
    "log_method_calls",
    "math",
    "norm",
    "pandas",
    "pretty",
    "random",
]
