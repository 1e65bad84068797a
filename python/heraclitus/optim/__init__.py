"""Optimizers, losses, schedulers and initializers: River's `optim`."""

from __future__ import annotations

from . import base, initializers, losses, schedulers
from .._generated.optim import *
from .._generated.optim import __all__ as _generated

__all__ = [*_generated, "base", "initializers", "losses", "schedulers"]
