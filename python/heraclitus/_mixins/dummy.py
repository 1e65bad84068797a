"""Additions to the baselines."""

from __future__ import annotations

import collections.abc
import typing


class StatisticRegressor:
    @classmethod
    def _unit_test_params(cls) -> collections.abc.Iterator[dict[str, typing.Any]]:
        from ..stats import Mean

        yield {"statistic": Mean()}
