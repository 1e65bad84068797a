"""Models around a model."""

from __future__ import annotations

import abc
import typing

from .estimator import Estimator

T = typing.TypeVar("T", bound=Estimator)


class Wrapper(abc.ABC, typing.Generic[T]):
    """A model that has another inside and passes on what that one can do."""

    @property
    @abc.abstractmethod
    def _wrapped_model(self) -> T:
        """The model inside."""

    @property
    def _labelloc(self) -> str:
        """Where a drawing puts the wrapper's name: `t` is the top."""
        return "t"

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._wrapped_model})"

    def _more_tags(self) -> set[str]:
        return self._wrapped_model._tags

    def __sklearn_tags__(self) -> object:
        return super().__sklearn_tags__()  # type: ignore[misc]

    @property
    def _supervised(self) -> bool:
        return self._wrapped_model._supervised

    @property
    def _multiclass(self) -> bool:
        from .classifier import Classifier

        inside = self._wrapped_model
        return isinstance(inside, Classifier) and inside._multiclass
