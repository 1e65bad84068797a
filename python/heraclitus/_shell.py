"""What the classes over native estimators share: parameters, state, copies, files."""

from __future__ import annotations

import copy
import json
import os
import typing
import weakref

from ._spec import from_spec, to_spec

__all__ = ["Shell", "Showing", "load"]

#: Names of parameters: the objects of a class share them.
_SAME: dict[tuple[str, ...], tuple[str, ...]] = {}


class Shell:
    """The Python side of a native estimator.

    Its parameters are attributes, as they were given; an absent child is the object that River
    would make. What it learned is in the native core, which may be shared with a pipeline.
    """

    #: The catalogue's name.
    _entry: typing.ClassVar[str] = ""
    #: What stands for `None`: parameters whose default is an object, as specs.
    _objects: typing.ClassVar[dict[str, typing.Any]] = {}
    #: Parameters that are learning rates: a number becomes a constant scheduler.
    _rates: typing.ClassVar[tuple[str, ...]] = ()
    #: What stays, as attributes, when a child is replaced by one of another kind.
    _carried: typing.ClassVar[tuple[str, ...]] = ()
    #: Parameters by name, in order.
    _names: tuple[str, ...] = ()

    def _start(self, **params: typing.Any) -> None:
        names = tuple(params)
        self.__dict__["_names"] = _SAME.setdefault(names, names)
        for name, value in params.items():
            if value is None and name in self._objects:
                value = from_spec(self._objects[name])
            elif name in self._rates and isinstance(value, int | float):
                from .optim.schedulers import Constant

                value = Constant(value)
            self.__dict__[name] = value
        self._build(json.dumps(self._to_spec()))
        self._lend()

    def _spec_params(self) -> dict[str, typing.Any]:
        """Parameters as plain data; what is `None` is left to the catalogue's default."""
        found = {}
        for name in self._names:
            value = self.__dict__[name]
            if value is not None:
                found[name] = to_spec(value, name)
        return found

    def _to_spec(self) -> dict[str, typing.Any]:
        return {self._entry: self._spec_params()}

    @classmethod
    def _from_params(cls, params: dict[str, typing.Any]) -> typing.Self:
        from ._spec import _children

        return cls(**_children(params))

    def _lend(self) -> None:
        """Children show what they learn inside of this estimator."""
        for name in self._names:
            value = self.__dict__[name]
            children = enumerate(value) if isinstance(value, list) else [(name, value)]
            for place, child in children:
                if isinstance(child, Shell) and child._is_built() and child._join(self, str(place)):
                    child._belongs_to(self)

    def _show_children(self) -> None:
        """Lets children show their parts of a core that came as one, from a file."""
        for name in self._names:
            child = self.__dict__[name]
            if isinstance(child, Shell) and child._become_part(self, name):
                child._belongs_to(self)
                child._show_children()

    def _belongs_to(self, owner: typing.Any) -> None:
        """Remembers the estimator or the pipeline that this one is a part of."""
        self.__dict__["_owner"] = weakref.ref(owner)

    @property
    def _wrapped_model(self) -> typing.Any:
        """The first child: what a wrapper has inside."""
        children = (self.__dict__[name] for name in self._names)
        return next((child for child in children if hasattr(child, "clone")), None)

    def __setattr__(self, name: str, value: typing.Any) -> None:
        own = getattr(type(self), name, None)
        if isinstance(own, property) and own.fset is not None:
            own.fset(self, value)
            return
        if name in self._rates and isinstance(value, int | float):
            from .optim.schedulers import Constant

            value = Constant(value)
        if self._is_learned(name, value) and self._set_attribute(name, value):
            return
        before = self.__dict__.get(name)
        if name in self._names and self._is_built():
            self._leave()
        self.__dict__[name] = value
        if name in self._names and self._is_built():
            try:
                self._rebuild()
            except BaseException:
                self.__dict__[name] = before
                raise

    def _is_learned(self, name: str, value: typing.Any) -> bool:
        """Whether an attribute may be one of the core's, such as `intercept`."""
        if name in self._names or name.startswith("_") or not self._is_built():
            return False
        if not isinstance(value, dict | int | float):
            return False
        try:
            self._attribute(name)
        except KeyError:
            return False
        return True

    def _leave(self) -> None:
        """Has the pipeline around this estimator take itself apart, before a change."""
        owner = self.__dict__.get("_owner", lambda: None)()
        if isinstance(owner, Shell):
            owner._leave()
        elif owner is not None:
            owner._changed()

    def _rebuild(self) -> None:
        """Goes on from what was learned with the parameters as they are now."""
        owner = self.__dict__.get("_owner", lambda: None)()
        if isinstance(owner, Shell):
            owner._rebuild()
            return
        spec = json.dumps(self._to_spec())
        try:
            self._restore(spec, self._keep())
        except ValueError:
            # A child of another kind begins anew; what belongs to this estimator alone stays.
            carried = {name: self._attribute(name) for name in self._carried}
            if not carried:
                raise
            self._build(spec)
            for name, value in carried.items():
                self._set_attribute(name, value)
        self._lend()

    def _take_apart(self) -> None:
        """From a part of a pipeline's core to a core of its own, with what it has learned."""
        self.__dict__.pop("_owner", None)
        kept = self._keep()
        self._restore(kept[0], kept)
        self._lend()

    def _copy_attributes_to(self, clone: typing.Any, params: dict[str, typing.Any]) -> None:
        """Gives a clone what was learned."""
        for name, value in self.__dict__.items():
            if name not in params and name not in ("_names", "_owner"):
                clone.__dict__[name] = copy.deepcopy(value)
        if self._is_built():
            clone._restore(json.dumps(clone._to_spec()), self._keep())
            clone._lend()

    # Copies and files.

    def __getstate__(self) -> dict[str, typing.Any]:
        state = {k: v for k, v in self.__dict__.items() if k != "_owner"}
        state["_kept"] = self._keep() if self._is_built() else None
        return state

    def __setstate__(self, state: dict[str, typing.Any]) -> None:
        kept = state.pop("_kept", None)
        self.__dict__.update(state)
        if kept is not None:
            self._restore(kept[0], kept)
            self._lend()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a file: data, no code. `heraclitus.load` reads it.

        Parameters
        ----------
        path
            Where to. The file is written beside it first, so that a file that was there is whole
            or replaced.

        """
        save(self, path)

    @property
    def _raw_memory_usage(self) -> int:
        return self._state_bytes() if self._is_built() else super()._raw_memory_usage


class Showing(Shell):
    """A shell that shows what the core has under any name.

    Python looks every attribute up more slowly on a class that can do that, which is why what is
    called for every number of a series cannot: it has a property for each name.
    """

    @property
    def data(self) -> list[typing.Any]:
        """The live members of an ensemble."""
        from .base.ensemble import Ensemble

        if not issubclass(type(self), Ensemble):
            raise AttributeError("data")
        members: list[typing.Any] = []
        while (part := _part(self, str(len(members)))) is not None:
            members.append(part)
        return members

    @property
    def models(self) -> list[typing.Any]:
        """The models that an ensemble was given, or its live members."""
        given = self.__dict__.get("models")
        return self.data if given is None else given

    def __getattr__(self, name: str) -> typing.Any:
        if not name.startswith("_"):
            try:
                return self._attribute(name)
            except (KeyError, RuntimeError):
                pass
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _part(whole: typing.Any, name: str) -> typing.Any:
    """An object that shows a part of a core; `None` where there is no such part."""
    from . import _native

    core = _native.Native()
    if not core._become_part(whole, name):
        return None
    part = from_spec(json.loads(core._spec()))
    if isinstance(part, Shell):
        part._become_part(whole, name)
        part._belongs_to(whole)
        part._show_children()
    else:
        part._show(whole, name, whole)
    return part


def save(model: typing.Any, path: str | os.PathLike[str]) -> None:
    """Write a model to a file: data, no code."""
    _check_labels(model)
    data = model._to_bytes()
    path = os.fspath(path)
    beside = f"{path}.{os.getpid()}.part"
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        if os.path.exists(beside):
            os.remove(beside)


def _check_labels(model: typing.Any) -> None:
    """Refuses what a file would not give back as it was."""
    for label in model._keep()[4]:
        if not isinstance(label, bool | int | str):
            raise TypeError(
                f"the class {label!r} is a {type(label).__name__}: a file holds classes that are "
                "bool, int or str; pickle keeps any"
            )


def load(path: str | os.PathLike[str]) -> typing.Any:
    """Read a model that `save` wrote, or an identity's model.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    The model as it was: it predicts and learns on to the same bits.

    """
    with open(path, "rb") as file:
        return from_bytes(file.read())


def from_bytes(data: bytes) -> typing.Any:
    """A model from the bytes of a file."""
    from . import _native

    core = _native.Native()
    core._from_bytes(data)
    model = from_spec(json.loads(core._spec()))
    model._from_bytes(data)
    model._show_children()
    return model
