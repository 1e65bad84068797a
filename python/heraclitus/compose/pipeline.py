"""Steps in a row."""

from __future__ import annotations

import collections
import contextlib
import os
import typing
import weakref

from heraclitus import _native
from heraclitus._shell import save
from heraclitus._spec import from_spec, to_spec
from heraclitus.base.anomaly_detector import AnomalyFilter
from heraclitus.base.estimator import Estimator
from heraclitus.base.transformer import BaseTransformer

from . import _debug, _fusing, _many, _steps
from ._steps import method_params as _method_params
from ._steps import route as _route
from .union import TransformerUnion

__all__ = ["Pipeline", "learn_during_predict"]


@contextlib.contextmanager
def learn_during_predict() -> typing.Iterator[None]:
    """Lets the steps that need no target learn when a pipeline predicts, not when it learns.

    An event then goes through them once instead of twice. Each event has to be predicted before
    it is learned from, or those steps miss it.

    Examples
    --------

    >>> from heraclitus import base, compose
    >>> class Seen(base.Transformer):
    ...     def __init__(self):
    ...         self.n = 0
    ...     def learn_one(self, x):
    ...         self.n += 1
    ...     def transform_one(self, x):
    ...         return {"n": self.n}
    >>> model = Seen() | compose.Prefixer("so_far_")
    >>> with compose.learn_during_predict():
    ...     model.transform_one({})
    {'so_far_n': 1}
    """
    before = Pipeline._LEARN_UNSUPERVISED_DURING_PREDICT
    Pipeline._LEARN_UNSUPERVISED_DURING_PREDICT = True
    _native.go_by_steps(True)
    try:
        yield
    finally:
        Pipeline._LEARN_UNSUPERVISED_DURING_PREDICT = before
        _native.go_by_steps(False)


# What a step does to an event that passes by.
_TRANSFORMER, _UNION, _FILTER, _MODEL = range(4)


class _Step(typing.NamedTuple):
    kind: int
    step: typing.Any
    supervised: bool
    # The extra arguments that its `learn_one` takes; `None` for any.
    accepted: frozenset[str] | None


class _Plan:
    """What is asked of the steps once, and not again for each event."""

    __slots__ = ("last", "last_transforms", "on_the_way", "steps", "transformers")

    def __init__(self, steps: typing.Iterable[typing.Any]) -> None:
        self.steps = tuple(map(_planned, steps))
        self.last = self.steps[-1].step if self.steps else None
        self.last_transforms = _steps.is_transformer(self.last)
        self.on_the_way = tuple(step for step in self.steps[:-1] if step.kind != _FILTER)
        self.transformers = tuple(step.step for step in self.on_the_way)


def _planned(step: typing.Any) -> _Step:
    # Filters and unions are known by their class: `isinstance` sees through a pipeline inside.
    if issubclass(type(step), AnomalyFilter):
        kind = _FILTER
    elif issubclass(type(step), TransformerUnion):
        kind = _UNION
    else:
        kind = _TRANSFORMER if _steps.is_transformer(step) else _MODEL
    return _Step(kind, step, step._supervised, _method_params(step, "learn_one"))


class Pipeline(_many.ManyEvents, _native.Runner, Estimator):
    """Hands what a step makes of an event to the next one; the last one is usually a model.

    The operator `|` makes pipelines too. When the pipeline learns, each transformer learns and
    then transforms; one that learns with the target transforms first, so that the target can't
    leak into the features. An anomaly filter on the way ends the learning at an anomaly.

    `isinstance` sees a pipeline as what its last step is.

    Parameters
    ----------
    steps
        The steps, or pairs of a name and a step. One without a name is called as its class is.
        Functions may stand for transformers, lists for unions, and classes for their instances.

    Examples
    --------

    >>> from heraclitus import base, compose
    >>> def total(x):
    ...     return {"total": x["price"] * x["n"]}
    >>> model = total | compose.Prefixer("x_")
    >>> model.transform_one({"price": 2.5, "n": 4})
    {'x_total': 10.0}
    >>> print(model)
    total | Prefixer
    >>> model["Prefixer"] is model[-1]
    True
    >>> isinstance(model, base.Transformer), isinstance(model, base.Classifier)
    (True, False)
    >>> print(model.debug_one({"price": 2.5, "n": 4}))
    0. Input
    --------
    n: 4 (int)
    price: 2.50000 (float)
    <BLANKLINE>
    1. total
    --------
    total: 10.00000 (float)
    """

    _LEARN_UNSUPERVISED_DURING_PREDICT = False

    _plan: _Plan | None = None

    def __init__(self, *steps: typing.Any) -> None:
        self.steps: collections.OrderedDict[str, typing.Any] = collections.OrderedDict()
        for step in steps:
            self._add_step(step, at_start=False)

    def __getitem__(self, key: str | int) -> typing.Any:
        """A step by its name or its place."""
        return _steps.by_key(self.steps, key)

    def __len__(self) -> int:
        return len(self.steps)

    def __or__(self, other: typing.Any) -> Pipeline:
        """Adds a step at the end of this pipeline."""
        self._add_step(other, at_start=False)
        return self

    def __ror__(self, other: typing.Any) -> Pipeline:
        """Adds a step at the start of this pipeline."""
        self._add_step(other, at_start=True)
        return self

    def __add__(self, other: typing.Any) -> TransformerUnion:
        """Both side by side."""
        if isinstance(other, TransformerUnion):
            return other.__add__(self)
        return TransformerUnion(self, other)

    def __radd__(self, other: typing.Any) -> TransformerUnion:
        """Both side by side, the other one first."""
        return TransformerUnion(other, self)

    def __mul__(self, other: typing.Any) -> typing.Any:
        """The products with another transformer's features, or a copy for each group."""
        from . import grouper, product

        if isinstance(other, (BaseTransformer, Pipeline)):
            return product.TransformerProduct(self, other)
        return grouper.Grouper(transformer=self, by=other)

    def __rmul__(self, other: typing.Any) -> typing.Any:
        """As `self * other`."""
        return self * other

    def __str__(self) -> str:
        return " | ".join(map(str, self.steps.values()))

    def __repr__(self) -> str:
        return _steps.repr_steps("Pipeline", self.steps)

    def __getstate__(self) -> dict[str, typing.Any]:
        return {k: v for k, v in self.__dict__.items() if k not in ("_plan", "_owner")}

    def _get_params(self) -> dict[str, typing.Any]:
        return {name: step._get_params() for name, step in self.steps.items()}

    def clone(
        self, new_params: dict[str, typing.Any] | None = None, include_attributes: bool = False
    ) -> typing.Self:
        return type(self)(*_steps.clone_steps(self.steps, new_params, include_attributes))

    def mutate(self, new_params: dict[str, typing.Any]) -> None:
        for name, params in new_params.items():
            self[name].mutate(params)

    @property
    def _supervised(self) -> bool:
        return any(step._supervised for step in self.steps.values())

    @property
    def _last_step(self) -> typing.Any:
        return next(reversed(self.steps.values()), None)

    @property
    def _multiclass(self) -> bool:
        return self._last_step._multiclass

    def _add_step(self, obj: typing.Any, at_start: bool) -> None:
        name, step = _steps.split_name(obj)
        name = _steps.free_name(name, step, self.steps)
        self.steps[name] = step
        if at_start:
            self.steps.move_to_end(name, last=False)
        self._changed()

    def _changed(self) -> None:
        """Forgets what was made ready for the steps as they were."""
        self._plan = None
        self._forget_mode()
        if self._is_built():
            owner = self.__dict__.pop("_owner", lambda: None)()
            if owner is not None:
                owner._changed()
            self._take_apart()

    # One native core for all steps

    def _make_one(self) -> bool:
        """Makes the steps one core, where they can be one. Asked once, by the first event."""
        return _fusing.join(self, "Pipeline", self.steps.values(), self)

    def _own_core(self) -> _native.Native | None:
        return self if self._is_one_core() else None

    def _belongs_to(self, owner: typing.Any) -> None:
        self.__dict__["_owner"] = weakref.ref(owner)

    def _take_apart(self) -> None:
        self.__dict__.pop("_owner", None)
        if self._is_built():
            _fusing.take_apart(self.steps.values())
        self._forget_mode()
        self._drop()

    def _show(self, whole: _native.Native, name: str, owner: typing.Any) -> None:
        self._become_part(whole, name)
        self._belongs_to(owner)
        self._show_children()

    def _show_children(self) -> None:
        _fusing.show_parts(self, self.steps.values(), self)
        self._is_one_already()

    def _to_spec(self) -> dict[str, typing.Any]:
        return {"Pipeline": {"steps": [to_spec(step, name) for name, step in self.steps.items()]}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(*map(from_spec, params["steps"]))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the pipeline to a file: data, no code. `heraclitus.load` reads it.

        Parameters
        ----------
        path
            Where to.
        """
        if not self._is_one_core():
            self._to_spec()  # says which step is in the way
            raise TypeError(
                "these steps can't be one file: a step is a class of your own, or two steps have "
                "learned different features before they were put together; pickle keeps any"
            )
        save(self, path)

    def _build_plan(self) -> _Plan:
        self._plan = _Plan(self.steps.values())
        return self._plan

    def _for_last(self, method: str, params: dict) -> dict:
        """Those of the extra arguments that a method of the last step takes."""
        return _route(_method_params(self._last_step, method), params) if params else params

    # One event

    def _learn_one_by_steps(self, x: dict, y: typing.Any, params: dict) -> None:
        unsupervised_learn = not self._LEARN_UNSUPERVISED_DURING_PREDICT
        extra = params
        for kind, step, supervised, accepted in (self._plan or self._build_plan()).steps:
            if params:
                extra = _route(accepted, params)
            if kind == _TRANSFORMER:
                if supervised:
                    features = step.transform_one(x)
                    step.learn_one(x=x, y=y, **extra)
                    x = features
                else:
                    if unsupervised_learn:
                        step.learn_one(x, **extra)
                    x = step.transform_one(x)
            elif kind == _UNION:
                if unsupervised_learn:
                    step._learn_unsupervised(x, params)
                features = step.transform_one(x)
                step._learn_supervised(x, y, params)
                x = features
            elif kind == _MODEL:
                if supervised:
                    step.learn_one(x=x, y=y, **extra)
                else:
                    step.learn_one(x=x, **extra)
            elif _is_anomaly(step, x, (y,) if supervised else (), extra):
                break

    def _transform_one(self, x: typing.Any, params: dict | None = None) -> tuple:
        """What the last step is given for an event, and the last step."""
        plan = self._plan or self._build_plan()
        if not self._LEARN_UNSUPERVISED_DURING_PREDICT:
            for transformer in plan.transformers:
                x = transformer.transform_one(x)
            return x, plan.last
        for kind, step, supervised, accepted in plan.on_the_way:
            if kind == _UNION:
                step._learn_unsupervised(x, params or {})
            elif not supervised:
                step.learn_one(x, **_route(accepted, params or {}))
            x = step.transform_one(x)
        return x, plan.last

    def _transform_one_by_steps(self, x: dict, params: dict) -> dict:
        x, last = self._transform_one(x, params)
        if not (self._plan or self._build_plan()).last_transforms:
            return x
        if self._LEARN_UNSUPERVISED_DURING_PREDICT and not last._supervised:
            last.learn_one(x, **self._for_last("learn_one", params))
        return last.transform_one(x, **self._for_last("transform_one", params))

    def _predict_one_by_steps(self, x: dict, params: dict) -> typing.Any:
        x, last = self._transform_one(x, params)
        return last.predict_one(x, **self._for_last("predict_one", params))

    def _predict_proba_one_by_steps(self, x: dict, params: dict) -> dict:
        x, last = self._transform_one(x, params)
        return last.predict_proba_one(x, **self._for_last("predict_proba_one", params))

    def _score_one_by_steps(self, x: dict, params: dict) -> float:
        x, last = self._transform_one(x, params)
        return last.score_one(x, **self._for_last("score_one", params))

    def forecast(self, horizon: int, xs: list[dict] | None = None) -> list:
        """What the last step, a model of a time series, expects next.

        Parameters
        ----------
        horizon
            How many values are wanted.
        xs
            The features at each of them.
        """
        if xs is not None:
            xs = [self._transform_one(x)[0] for x in xs]
        return self._last_step.forecast(horizon=horizon, xs=xs)

    def debug_one(self, x: dict, show_types: bool = True, n_decimals: int = 5) -> str:
        """A report of what each step makes of an event.

        Parameters
        ----------
        x
            The features.
        show_types
            Whether each value's type is shown.
        n_decimals
            How many decimals numbers have.
        """
        return _debug.report(self, x, show_types, n_decimals)

    def _unit_test_skips(self) -> set[str]:
        return self._last_step._unit_test_skips()


def _is_anomaly(step: typing.Any, x: typing.Any, target: tuple, extra: dict) -> bool:
    """Lets an anomaly filter learn from an event, and asks it what to make of it."""
    step.learn_one(x, *target, **extra)
    return step.classify(step.score_one(x, *target))
