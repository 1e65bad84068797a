"""What every class of the package can do: show its parameters, be cloned, be changed."""

from __future__ import annotations

import collections.abc
import contextlib
import copy
import inspect
import logging
import types
import typing

from heraclitus import _native

from . import _memory
from ._repr import repr_obj as _repr_obj

_POSITIONAL = "_POSITIONAL_ARGS"


def _is_class_param(param: typing.Any) -> bool:
    """Whether a parameter is written as `(class, its parameters)`."""
    return (
        isinstance(param, tuple)
        and len(param) == 2
        and inspect.isclass(param[0])
        and isinstance(param[1], dict)
    )


class Base:
    """An object that is known by its parameters.

    The parameters are those of `__init__`, and each is kept in an attribute of its own name.
    """

    def __str__(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        return _repr_obj(self)

    @classmethod
    def _unit_test_params(cls) -> collections.abc.Iterator[dict[str, typing.Any]]:
        """Parameters with which tests build objects of this class."""
        yield {}

    def _get_params(self) -> dict[str, typing.Any]:
        """The parameters that the object was made with.

        A parameter that is an object of the package is given as `(class, its parameters)`.
        Positional ones that have no name are under `_POSITIONAL_ARGS`.
        """
        params: dict[str, typing.Any] = {}
        for name, param in inspect.signature(self.__init__).parameters.items():  # type: ignore
            if param.kind == param.VAR_POSITIONAL:
                if unnamed := getattr(self, name, ()):
                    params[_POSITIONAL] = unnamed
            elif param.kind == param.VAR_KEYWORD:
                for key, value in getattr(self, name, {}).items():
                    params[key] = _as_param(value)
            else:
                params[name] = _as_param(getattr(self, name))
        return params

    def clone(
        self, new_params: dict[str, typing.Any] | None = None, include_attributes: bool = False
    ) -> typing.Self:
        """A new object with the same parameters, which has learned nothing yet.

        Parameters that are objects of the package are cloned too, others are copied deeply.

        Parameters
        ----------
        new_params
            Parameters that the clone has instead. Those of a parameter that is an object itself
            are in a dict of their own; those of a pipeline's step are under its name.
        include_attributes
            Whether what the object has beside its parameters is copied as well.

        Examples
        --------

        >>> from heraclitus import compose
        >>> prefixer = compose.Prefixer("a_")
        >>> prefixer.clone({"prefix": "b_"})
        Prefixer (
          prefix="b_"
        )

        >>> model = compose.Select("x") | prefixer
        >>> model.clone({"Prefixer": {"prefix": "c_"}})
        Pipeline (
          Select (
            x
          ),
          Prefixer (
            prefix="c_"
          )
        )
        """
        params = {**self._get_params(), **(new_params or {})}
        clone = type(self)(
            *params.get(_POSITIONAL, ()),
            **{
                name: self._clone_param(name, param)
                for name, param in params.items()
                if name != _POSITIONAL
            },
        )
        if include_attributes:
            self._copy_attributes_to(clone, params)
        return clone

    def _clone_param(self, name: str, param: typing.Any) -> typing.Any:
        if not _is_class_param(param):
            if isinstance(param, dict) and isinstance(current := self._param_value(name), Base):
                return current.clone(param)
            if isinstance(param, list) and param and all(isinstance(p, Base) for p in param):
                return [p.clone() for p in param]
            return copy.deepcopy(param)
        current = self._param_value(name)
        if isinstance(current, Base) and type(current) is param[0]:
            return current.clone(param[1])
        return _build(*param)

    def _param_value(self, name: str) -> typing.Any:
        """The object under a parameter's name, also one that `**kwargs` took."""
        if hasattr(self, name):
            return getattr(self, name)
        for param in inspect.signature(self.__init__).parameters.values():  # type: ignore
            if param.kind == param.VAR_KEYWORD:
                return getattr(self, param.name, {}).get(name)
        return None

    def _copy_attributes_to(self, clone: typing.Any, params: dict[str, typing.Any]) -> None:
        """Gives a clone what this object has beside its parameters.

        A class that keeps its state elsewhere than in `__dict__` has its own way.
        """
        for name, value in self.__dict__.items():
            if name not in params:
                setattr(clone, name, copy.deepcopy(value))

    @property
    def _mutable_attributes(self) -> set[str]:
        """The names that `mutate` may change."""
        return set()

    def mutate(self, new_attrs: dict[str, typing.Any]) -> None:
        """Changes attributes in place, as far as the class allows it.

        Parameters
        ----------
        new_attrs
            The new values. For an attribute that is an object which can be changed itself, a dict
            changes it, and anything else takes its place. For a pipeline or a union, dicts under
            the names of the steps.

        Examples
        --------

        >>> from heraclitus import base
        >>> class Threshold(base.Base):
        ...     def __init__(self, at=1.0):
        ...         self.at = at
        ...     @property
        ...     def _mutable_attributes(self):
        ...         return {"at"}
        >>> threshold = Threshold()
        >>> threshold.mutate({"at": 2})
        >>> threshold.at
        2
        >>> threshold.mutate({"above": 3})
        Traceback (most recent call last):
        ...
        ValueError: 'above' is not an attribute of Threshold
        """
        _mutate(self, new_attrs)

    @property
    def _is_stochastic(self) -> bool:
        """Whether a parameter named `seed` is `None`, here or in an object that is a parameter."""
        return _has_unset_seed(self._get_params())

    @property
    def _raw_memory_usage(self) -> int:
        """The memory of the object in bytes."""
        return _memory.memory_usage(self)

    @property
    def _memory_usage(self) -> str:
        """The memory of the object, for people."""
        return _memory.humanize_bytes(self._raw_memory_usage)


def _as_param(value: typing.Any) -> typing.Any:
    return (type(value), value._get_params()) if isinstance(value, Base) else value


def _build(cls: type, params: dict[str, typing.Any]) -> typing.Any:
    """An object from `(class, its parameters)`."""
    named = {
        name: _build(*param) if _is_class_param(param) else copy.deepcopy(param)
        for name, param in params.items()
        if name != _POSITIONAL
    }
    return cls(*params.get(_POSITIONAL, ()), **named)


def _mutate(obj: typing.Any, new_attrs: dict[str, typing.Any]) -> None:
    for name, new in new_attrs.items():
        kind = type(obj).__name__
        if not hasattr(obj, name):
            raise ValueError(f"'{name}' is not an attribute of {kind}")
        if name not in obj._mutable_attributes:
            raise ValueError(f"'{name}' is not a mutable attribute of {kind}")
        current = getattr(obj, name)
        if isinstance(new, dict) and hasattr(current, "mutate"):
            current.mutate(new)
            if not hasattr(current, "_is_built"):
                setattr(obj, name, current)  # so that a native core takes it over
        else:
            setattr(obj, name, new)


def _has_unset_seed(params: dict[str, typing.Any]) -> bool:
    return any(
        (name == "seed" and param is None)
        or (_is_class_param(param) and _has_unset_seed(param[1]))
        for name, param in params.items()
    )


_METHODS = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)


@contextlib.contextmanager
def log_method_calls(
    class_condition: collections.abc.Callable[[typing.Any], bool] | None = None,
    method_condition: collections.abc.Callable[[typing.Any], bool] | None = None,
) -> collections.abc.Iterator[None]:
    """Logs, as long as the context lasts, each public method that is looked up on an object.

    Lines go to the root logger at level `DEBUG`.

    Parameters
    ----------
    class_condition
        Says for an object whether it is logged; all are by default.
    method_condition
        Says for a method whether it is logged; all are by default.

    Examples
    --------

    >>> import io, logging
    >>> from heraclitus import compose
    >>> from heraclitus.base.base import log_method_calls

    >>> lines = io.StringIO()
    >>> handler = logging.StreamHandler(lines)
    >>> logger = logging.getLogger()
    >>> logger.setLevel(logging.DEBUG)
    >>> logger.addHandler(handler)

    >>> model = compose.Select("a") | compose.Prefixer("b_")
    >>> with log_method_calls(lambda obj: type(obj) is compose.Prefixer):
    ...     _ = model.transform_one({"a": 1})
    >>> logger.removeHandler(handler)
    >>> print(lines.getvalue().strip())
    Prefixer.transform_one
    """
    before = Base.__getattribute__

    def look_up(self: typing.Any, name: str) -> typing.Any:
        found = object.__getattribute__(self, name)
        if (
            not name.startswith("_")
            and isinstance(found, _METHODS)
            and (class_condition is None or class_condition(self))
            and (method_condition is None or method_condition(found))
        ):
            logging.debug(f"{type(self).__name__}.{name}")
        return found

    Base.__getattribute__ = look_up  # type: ignore[method-assign]
    _native.go_by_steps(True)
    try:
        yield
    finally:
        _native.go_by_steps(False)
        if before is object.__getattribute__:
            # Taken away, not set back: an own one in Python would slow every look-up from now on.
            del Base.__getattribute__
        else:
            Base.__getattribute__ = before  # type: ignore[method-assign]
