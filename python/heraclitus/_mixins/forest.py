"""What the forests count."""

from __future__ import annotations

import typing


def n_drifts_detected(self: typing.Any, tree_id: int | None = None) -> int:
    """How many trees were replaced because their errors changed.

    Parameters
    ----------
    tree_id
        The place of one tree; all of them together when left out.

    """
    return _count(self._attribute("drifts_by_tree"), tree_id)


def n_warnings_detected(self: typing.Any, tree_id: int | None = None) -> int:
    """How many trees began to grow in the background because a change was in sight.

    Parameters
    ----------
    tree_id
        The place of one tree; all of them together when left out.

    """
    return _count(self._attribute("warnings_by_tree"), tree_id)


def _count(by_tree: list[int], tree_id: int | None) -> int:
    return sum(by_tree) if tree_id is None else by_tree[tree_id]


class ARFClassifier:
    n_drifts_detected = n_drifts_detected
    n_warnings_detected = n_warnings_detected


class ARFRegressor:
    n_drifts_detected = n_drifts_detected
    n_warnings_detected = n_warnings_detected
