"""Additions to the wrappers for more than two classes."""

from __future__ import annotations

import collections.abc
import typing


def _of_classifier(cls: type) -> collections.abc.Iterator[dict[str, typing.Any]]:
    from ..linear_model import LogisticRegression

    yield {"classifier": LogisticRegression()}


class OneVsOneClassifier:
    _unit_test_params = classmethod(_of_classifier)


class OneVsRestClassifier:
    _unit_test_params = classmethod(_of_classifier)
