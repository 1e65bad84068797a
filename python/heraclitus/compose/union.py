"""Transformers side by side."""

from __future__ import annotations

import typing
import weakref

from heraclitus import _frames, _native
from heraclitus._spec import from_spec, to_spec
from heraclitus.base.transformer import MiniBatchTransformer

from . import _fusing, _steps

__all__ = ["TransformerUnion"]

# Parts that learn without and with a target, each with the extra arguments that it takes.
_Plan = tuple[list[tuple[typing.Any, typing.Any]], list[tuple[typing.Any, typing.Any]]]


class TransformerUnion(MiniBatchTransformer):
    """Gives the same event to several transformers and puts together what they make of it.

    If two make a feature of the same name, that of the first one stays. The operator `+` makes
    unions too. The union keeps clones of the transformers, with what they have learned.

    Parameters
    ----------
    transformers
        The transformers, or pairs of a name and a transformer. One without a name is called as
        its class is. Functions may stand for transformers.

    Examples
    --------

    >>> from heraclitus import compose
    >>> union = compose.Select("a") + (compose.Select("b") | compose.Prefixer("old_"))
    >>> union.transform_one({"a": 1, "b": 2})
    {'old_b': 2, 'a': 1}
    >>> union["Pipeline"]["Prefixer"].prefix
    'old_'
    """

    _plan: _Plan | None = None

    def __init__(self, *transformers: typing.Any) -> None:
        self.transformers: dict[str, typing.Any] = {}
        for transformer in transformers:
            if type(transformer) is type(self):
                for part in transformer.transformers.values():
                    self._add_step(part)
            else:
                self._add_step(transformer)

    def __getitem__(self, key: str | int) -> typing.Any:
        """A part by its name or its place."""
        return _steps.by_key(self.transformers, key)

    def __len__(self) -> int:
        return len(self.transformers)

    def __iter__(self) -> typing.Iterator[typing.Any]:
        return iter(self.transformers.values())

    def __str__(self) -> str:
        return " + ".join(map(str, self.transformers.values()))

    def __repr__(self) -> str:
        return _steps.repr_steps("TransformerUnion", self.transformers)

    def __getstate__(self) -> dict[str, typing.Any]:
        left = ("_plan", "_core", "_owner")
        return {name: value for name, value in self.__dict__.items() if name not in left}

    def _get_params(self) -> dict[str, typing.Any]:
        return {name: part._get_params() for name, part in self.transformers.items()}

    def clone(
        self, new_params: dict[str, typing.Any] | None = None, include_attributes: bool = False
    ) -> typing.Self:
        parts = _steps.clone_steps(self.transformers, new_params, include_attributes)
        return type(self)(*parts)

    def mutate(self, new_params: dict[str, typing.Any]) -> None:
        for name, params in new_params.items():
            self[name].mutate(params)

    @property
    def _supervised(self) -> bool:
        return any(part._supervised for part in self.transformers.values())

    def _add_step(self, transformer: typing.Any) -> typing.Self:
        name, part = _steps.split_name(transformer)
        name = _steps.free_name(name, part, self.transformers)
        self.transformers[name] = part.clone(include_attributes=True)
        self._changed()
        return self

    def _changed(self) -> None:
        """Forgets what was made ready for the parts as they were."""
        self._plan = None
        if "_core" in self.__dict__:
            owner = self.__dict__.pop("_owner", lambda: None)()
            if owner is not None:
                owner._changed()
            self._take_apart()

    # One native core for all parts

    def _own_core(self) -> _native.Native | None:
        core = self.__dict__.get("_core")
        if core is None:
            core = _native.Native()
            if not _fusing.join(core, "TransformerUnion", self.transformers.values(), self):
                return None
            self._core = core
        return core

    def _belongs_to(self, owner: typing.Any) -> None:
        self._owner = weakref.ref(owner)

    def _take_apart(self) -> None:
        if self.__dict__.pop("_core", None) is not None:
            self.__dict__.pop("_owner", None)
            _fusing.take_apart(self.transformers.values())

    def _show(self, whole: _native.Native, name: str, owner: typing.Any) -> None:
        self._core = _native.Native()
        self._core._become_part(whole, name)
        self._belongs_to(owner)
        _fusing.show_parts(self._core, self.transformers.values(), self)

    def _to_spec(self) -> dict[str, typing.Any]:
        parts = [to_spec(part, name) for name, part in self.transformers.items()]
        return {"TransformerUnion": {"transformers": parts}}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        return cls(*map(from_spec, params["transformers"]))

    def _build_plan(self) -> _Plan:
        plan: _Plan = ([], [])
        for part in self.transformers.values():
            accepted = _steps.method_params(part, "learn_one")
            plan[bool(part._supervised)].append((part, accepted))
        self._plan = plan
        return plan

    def __add__(self, other: typing.Any) -> TransformerUnion:
        """Adds a transformer to this union."""
        return self._add_step(other)

    def learn_one(self, x: dict, y: typing.Any = None, **params: typing.Any) -> None:
        """Lets each transformer learn from one event.

        Parameters
        ----------
        x
            The features.
        y
            The target, if one of the transformers wants it.
        params
            Extra arguments; each transformer is given those that it takes.
        """
        self._learn_one_by_steps(x, y, params)

    def _learn_one_by_steps(self, x: dict, y: typing.Any, params: dict) -> None:
        self._learn_unsupervised(x, params)
        self._learn_supervised(x, y, params)

    def _learn_unsupervised(self, x: dict, params: dict) -> None:
        """Lets those learn that need no target."""
        for part, accepted in (self._plan or self._build_plan())[0]:
            part.learn_one(x, **(_steps.route(accepted, params) if params else params))

    def _learn_supervised(self, x: dict, y: typing.Any, params: dict) -> None:
        """Lets those learn that need a target."""
        for part, accepted in (self._plan or self._build_plan())[1]:
            part.learn_one(x=x, y=y, **(_steps.route(accepted, params) if params else params))

    def transform_one(self, x: dict) -> dict:
        """The features of all transformers."""
        return self._transform_one_by_steps(x)

    def _transform_one_by_steps(self, x: dict) -> dict:
        # Backwards, so that the first one to make a feature has the last word.
        result: dict = {}
        for part in reversed(self.transformers.values()):
            result.update(part.transform_one(x))
        return result

    def learn_many(self, X: typing.Any, y: typing.Any = None) -> None:
        """Lets each transformer learn from many events.

        Parameters
        ----------
        X
            A frame, an event a row.
        y
            Their targets, if one of the transformers wants them.
        """
        for part in self.transformers.values():
            if part._supervised:
                part.learn_many(X, y)
            else:
                part.learn_many(X)

    def transform_many(self, X: typing.Any) -> typing.Any:
        """The columns of all transformers, in a frame of the kind that was given."""
        return _frames.side_by_side(part.transform_many(X) for part in self.transformers.values())
