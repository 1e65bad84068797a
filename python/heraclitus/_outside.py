"""What crosses the door of a house: events as plain data, and answers as Python has them."""

from __future__ import annotations

import base64
import json
import time
import typing

__all__ = ["batches", "chosen", "events", "row", "saved", "shown", "state", "text"]

#: How long an event may wait for its batch to fill.
_WAIT_S = 0.5


def state(model: typing.Any) -> list[typing.Any]:
    """What the parts of a model have learned."""
    for inside in ("steps", "transformers"):
        parts = getattr(model, inside, None)
        if isinstance(parts, dict):
            return [state(part) for part in parts.values()]
    return [model._keep()] if hasattr(model, "_keep") else []


def saved(model: typing.Any) -> str:
    """What a model has learned, as text: the bytes of its file."""
    from ._shell import _check_labels

    if getattr(model, "_is_one_core", lambda: True)():
        _check_labels(model)
        return base64.b64encode(model._to_bytes()).decode()
    raise ValueError(
        f"the steps of this {type(model).__name__} have learned apart from each other and can't be "
        "one identity: give it model.clone(), and what the model learned from to learn_many"
    )


def chosen(prediction: dict[str, typing.Any] | None) -> typing.Any:
    """What a prediction says: a class or a number."""
    if prediction is None:
        return None
    return prediction["label"] if "label" in prediction else prediction["value"]


def shown(label: typing.Any) -> str:
    """A class as the key of its probability."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def row(x: typing.Mapping[typing.Any, typing.Any]) -> dict[str, typing.Any]:
    """Features by name, as texts."""
    return {key if isinstance(key, str) else str(key): value for key, value in x.items()}


def text(value: typing.Any) -> str:
    """Events as JSON."""
    try:
        return json.dumps(value, default=_plain, allow_nan=False)
    except ValueError:
        raise ValueError(
            "an event holds a number that is not finite; leave the feature out when it is missing"
        ) from None


def _plain(value: typing.Any) -> typing.Any:
    """A number of numpy's as Python's."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(
        f"{value!r} is a {type(value).__name__}; an event takes numbers, texts, true and false"
    )


def events(X: typing.Any, y: typing.Any, w: typing.Any) -> typing.Iterator[list]:
    """Events as `[x, y, w]`."""
    from . import _frames

    if y is None:
        for event in X:
            x, target, *weight = event
            yield [row(x), target, weight[0] if weight else 1.0]
        return
    rows, targets = _frames.rows(X), _frames.as_list(y)
    weights = [1.0] * len(rows) if w is None else _frames.as_list(w)
    if not len(rows) == len(targets) == len(weights):
        raise ValueError(
            f"there are {len(targets)} targets and {len(weights)} weights for {len(rows)} rows"
        )
    for x, target, weight in zip(rows, targets, weights):
        yield [row(x), target, weight]


def batches(events: typing.Iterator[list], size: int) -> typing.Iterator[list[list]]:
    """Events in lists of a size; a shorter one last, and when events come slowly.

    Events that came before an error are given before it is raised.
    """
    batch: list[list] = []
    since = time.monotonic()
    try:
        for event in events:
            batch.append(event)
            if len(batch) == size or time.monotonic() - since > _WAIT_S:
                yield batch
                batch, since = [], time.monotonic()
    except Exception:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
