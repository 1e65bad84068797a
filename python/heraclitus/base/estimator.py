"""What all that learn have in common."""

from __future__ import annotations

import abc
import collections.abc
import typing

from . import base

if typing.TYPE_CHECKING:
    from heraclitus import compose


class EstimatorMeta(abc.ABCMeta):
    """Lets `isinstance` see a pipeline as what its last step is."""

    def __instancecheck__(cls, instance: object) -> bool:
        if super().__instancecheck__(instance):
            return True
        last = getattr(instance, "_last_step", None)
        return last is not None and isinstance(last, cls)


class Estimator(base.Base, abc.ABC, metaclass=EstimatorMeta):
    """What learns from events."""

    @property
    def _supervised(self) -> bool:
        """Whether `learn_one` expects a target."""
        return True

    def __or__(self, other: typing.Any) -> compose.Pipeline:
        """A pipeline that ends in `other`."""
        from heraclitus import compose

        if isinstance(other, compose.Pipeline):
            return other.__ror__(self)
        return compose.Pipeline(self, other)

    def __ror__(self, other: typing.Any) -> compose.Pipeline:
        """A pipeline that begins with `other`."""
        from heraclitus import compose

        return compose.Pipeline(other, self)

    def _repr_html_(self) -> str:
        """A drawing for notebooks."""
        from . import viz

        return viz.card(self)

    def _more_tags(self) -> set[str]:
        """Tags that this class adds to those of its parents."""
        return set()

    @property
    def _tags(self) -> set[str]:
        """All tags: what the classes say about the input that they take."""
        tags: set[str] = set()
        for cls in type(self).__mro__:
            if own := cls.__dict__.get("_more_tags"):
                tags |= own(self)
        return tags

    @classmethod
    def _unit_test_params(cls) -> collections.abc.Iterator[dict[str, typing.Any]]:
        """Parameters with which tests build estimators of this class."""
        yield {}

    def _unit_test_skips(self) -> set[str]:
        """Names of checks that this estimator is excused from."""
        return set()
