"""River in, River out: a model of one package as a model of the other, with what it has learned."""

from __future__ import annotations

import json
import typing

from . import _states
from ._matrix import cells, fill
from ._names import Names
from ._rebuild import counterpart, package_of, rebuilt
from ._wire import Blocks

__all__ = ["from_river", "to_river"]

#: What is made of parts that have each what they learned.
_PARTS = {"Pipeline": "steps", "TransformerUnion": "transformers"}
#: Learns nothing, and is no native estimator.
_PLAIN = ("FuncTransformer",)

_Make = typing.Callable[[], typing.Any]


def from_river(
    model: typing.Any, *, learned: bool = True, afresh: typing.Collection[str] = ()
) -> typing.Any:
    """A model of River as one of heraclitus, which goes on where the other one is.

    Nothing is pickled. The parameters are read from the object, and what it has learned from its
    attributes: predictions are equal afterwards, and so is what it learns from there on. An
    estimator whose attributes are not known here is refused by name.

    Parameters
    ----------
    model
        An estimator, pipeline, metric or statistic of River.
    learned
        Whether what it has learned comes along. Without it, any estimator that there is in both
        packages is made anew with the same parameters.
    afresh
        Classes whose objects begin anew inside of a model that comes along, such as `["ADWIN"]`:
        what a drift detector of River has in its window can't be read. Predictions are equal all
        the same; what changes is when the next drift is found.

    Returns
    -------
    The model.

    """
    _check(model, "river")
    if not learned:
        return rebuilt(model, "river", "heraclitus")
    names = Names()
    names.afresh = frozenset(afresh)
    return _taken(model, names)()


def _taken(model: typing.Any, names: Names) -> _Make:
    """Reads a model; the model of ours is made when all names are known."""
    _check(model, "river")
    parts = _PARTS.get(type(model).__name__)
    if parts is not None:
        makes = {name: _taken(part, names) for name, part in getattr(model, parts).items()}
        return lambda: _composed(model, "heraclitus", {k: make() for k, make in makes.items()})
    if type(model).__name__ in _PLAIN:
        return lambda: rebuilt(model, "river", "heraclitus")
    state = _states.take(model, names)
    ours = rebuilt(model, "river", "heraclitus")

    def make() -> typing.Any:
        if hasattr(ours, "_restore"):
            spec = json.dumps(ours._to_spec())
            ours._restore(spec, (spec, state, names.saved(), names.odd(), names.labels))
            ours._show_children()
        if hasattr(ours, "_set_pairs") and hasattr(model, "cm"):
            ours._set_pairs(model.cm.n_samples, cells(model.cm))
        return ours

    return make


def _composed(model: typing.Any, package: str, parts: dict[str, typing.Any]) -> typing.Any:
    return counterpart(type(model), package)(*parts.items())


def to_river(
    model: typing.Any, *, learned: bool = True, afresh: typing.Collection[str] = ()
) -> typing.Any:
    """A model of heraclitus as one of River, which goes on where the other one is.

    Parameters
    ----------
    model
        An estimator, pipeline, metric or statistic; an identity, or one as it was.
    learned
        Whether what it has learned comes along.
    afresh
        Classes whose objects begin anew inside of a model that comes along.

    Returns
    -------
    The model, of River's own classes. River has to be installed.

    """
    try:
        import river  # noqa: F401
    except ImportError as error:
        raise ImportError("to_river makes River's objects: pip install river") from error
    if type(model).__module__ == "heraclitus._identities":
        model = model.model()
    _check(model, "heraclitus")
    if not learned:
        return rebuilt(model, "heraclitus", "river")
    return _given(model, frozenset(afresh))


def _given(model: typing.Any, afresh: frozenset[str]) -> typing.Any:
    _check(model, "heraclitus")
    parts = _PARTS.get(type(model).__name__)
    if parts is not None:
        found = {name: _given(part, afresh) for name, part in getattr(model, parts).items()}
        return _composed(model, "river", found)
    if type(model).__name__ in _PLAIN:
        return rebuilt(model, "heraclitus", "river")
    _states.find(type(model).__name__)
    theirs = rebuilt(model, "heraclitus", "river")
    if hasattr(model, "_pairs") and hasattr(theirs, "cm"):
        fill(theirs.cm, *(_shared(model) or model._pairs))
    elif hasattr(model, "_keep"):
        kept = model._keep()
        names = Names.of(kept)
        names.afresh = afresh
        _states.give(theirs, Blocks(kept[1]), names)
    return theirs


def _shared(metric: typing.Any) -> tuple[int, list] | None:
    """What is in the matrix that a metric of ours shares, if it does."""
    matrix = metric.__dict__.get("_cm")
    return None if matrix is None else (matrix.n_samples, cells(matrix))


def _check(model: typing.Any, package: str) -> None:
    if package_of(model) != package:
        kind = type(model)
        raise TypeError(
            f"this is a {kind.__name__} of {kind.__module__}, where a model of {package} is wanted"
        )
