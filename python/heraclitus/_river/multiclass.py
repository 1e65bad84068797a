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
            out += take(model.classifiers[label], names.of_two())
        return out

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        for label in blocks.get(self.made, names):
            model.classifiers[label] = model.classifier.clone()
            give(model.classifiers[label], blocks, names.of_two())


@named("OneVsOneClassifier")
class _OneVsOne(State):
    # The pairs of the second class, of the third, and so on, each with those before it.
    met = w.Many(w.CLASS)

    def take(self, model: typing.Any, names: Names) -> bytes:
        # River's pairs are sorted, ours come as the classes did.
        classes = sorted(model.classes)
        out = w.block(self.met, classes, names)
        for pair in _pairs(classes):
            found = model.classifiers.get(pair, model.classifier)
            out += take(found, names.of_two())
        return out

    def give(self, model: typing.Any, blocks: w.Blocks, names: Names) -> None:
        classes = blocks.get(self.met, names)
        if classes != sorted(classes):
            raise TypeError(
                "what this OneVsOneClassifier has learned can't be taken along: its classes came "
                f"in the order {classes}, where River's classifiers need them sorted"
            )
        model.classes = set(classes)
        for pair in _pairs(classes):
            give(model.classifiers[pair], blocks, names.of_two())


def _pairs(classes: list) -> list[tuple]:
    return [(classes[low], classes[high]) for high in range(len(classes)) for low in range(high)]
