"""Models made of models, as a part of another one."""

from __future__ import annotations

import typing

from ._names import Names
from ._states import State, give, named, stateless, take
from ._wire import Blocks

stateless("Discard", "Prefixer", "Renamer", "Select", "SelectType", "Suffixer")


class _Parts(State):
    attribute: typing.ClassVar[str]

    def take(self, model: typing.Any, names: Names) -> bytes:
        parts = getattr(model, self.attribute).values()
        return b"".join(take(part, names) for part in parts)

    def give(self, model: typing.Any, blocks: Blocks, names: Names) -> None:
        for part in getattr(model, self.attribute).values():
            give(part, blocks, names)


@named("Pipeline")
class _Pipeline(_Parts):
    attribute = "steps"


@named("TransformerUnion")
class _Union(_Parts):
    attribute = "transformers"
