"""A binary classifier for each class."""

from __future__ import annotations

import typing

from . import _wire as w
from ._names import Names
from ._states import State, give, named, take


@named("OneVsRestClassifier")
class _OneVsRest(State):
    made = w.ByClass(w.TRUTH, False)

    def take(self, model: typing.Any, names: Names) -> bytes:
        out = w.block(self.made, dict.fromkeys(model.classifiers, True), names)
        for label in sorted(model.classifiers, key=names.class_of):
            out += take(model.classifiers[label], names)
        return out

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        for label in blocks.get(self.made, names):
            model.classifiers[label] = model.classifier.clone()
            give(model.classifiers[label], blocks, names)
