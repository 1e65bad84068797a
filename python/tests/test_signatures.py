"""Every generated class has River's signature: names, order, kinds and defaults."""

from __future__ import annotations

import importlib
import inspect

import pytest

from heraclitus._generated import MODULES

river = pytest.importorskip("river", reason="River is what signatures are compared with")

#: Parameters that only we have, and defaults that differ; docs/reference/differences.md says
#: why.
ONLY_OURS = {("LogLoss", "pos_val")}
OTHER_DEFAULT = {("SRPRegressor", "drift_detection_criteria")}


def _parameters(cls: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(cls).parameters)


def _pairs():
    for name, module in sorted(MODULES.items()):
        theirs = getattr(importlib.import_module(f"river.{module}"), name, None)
        if theirs is not None:
            yield pytest.param(module, name, theirs, id=f"{module}.{name}")


@pytest.mark.parametrize("module, name, theirs", _pairs())
def test_signature_is_rivers(module, name, theirs):
    ours = _parameters(getattr(importlib.import_module(f"heraclitus.{module}"), name))
    river_s = _parameters(theirs)
    kept = [n for n in ours if (name, n) not in ONLY_OURS]
    assert kept == list(river_s)
    for parameter in kept:
        assert ours[parameter].kind == river_s[parameter].kind, parameter
        if (name, parameter) not in OTHER_DEFAULT:
            assert ours[parameter].default == river_s[parameter].default, parameter


def test_there_is_much_to_compare():
    assert len(list(_pairs())) > 100


def test_a_drift_would_be_noticed():
    class Drifted:
        def __init__(self, l2=0.5):
            pass

    from river import linear_model

    ours, theirs = _parameters(Drifted), _parameters(linear_model.LogisticRegression)
    assert list(ours) != list(theirs) and ours["l2"].default != theirs["l2"].default
