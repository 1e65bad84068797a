"""Pipelines and frames of many events."""

from __future__ import annotations

import typing

from heraclitus import _frames

from . import _steps
from .union import TransformerUnion


class ManyEvents:
    """The methods of a pipeline whose steps all take frames."""

    _LEARN_UNSUPERVISED_DURING_PREDICT: bool
    steps: typing.Any
    _is_one_core: typing.Callable[[], bool]

    def learn_many(self, X: typing.Any, y: typing.Any = None, **params: typing.Any) -> None:
        """Lets the steps learn from many events.

        Parameters
        ----------
        X
            A frame, an event a row.
        y
            Their targets.
        params
            Extra arguments for the last step.
        """
        if not params and self._is_one_core():
            _frames.learn(self, X, y)
            return
        *transformers, last = self.steps.values()
        for step in transformers:
            if not self._LEARN_UNSUPERVISED_DURING_PREDICT:
                _learn_many(step, X)
            features = step.transform_many(X=X)
            # After transforming: the target must not leak into the features.
            for part in _parts(step):
                if part._supervised:
                    part.learn_many(X=X, y=y)
            X = features
        target = {"y": y} if last._supervised else {}
        last.learn_many(X=X, **target, **params)

    def _transform_many(self, X: typing.Any) -> tuple:
        """What the last step is given for many events, and the last step."""
        *transformers, last = self.steps.values()
        for step in transformers:
            if self._LEARN_UNSUPERVISED_DURING_PREDICT:
                _learn_many(step, X)
            X = step.transform_many(X=X)
        return X, last

    def transform_many(self, X: typing.Any) -> typing.Any:
        """What the transformers make of many events; a model at the end leaves them as they are.

        Parameters
        ----------
        X
            A frame, an event a row.
        """
        X, last = self._transform_many(X)
        if not _steps.is_transformer(last):
            return X
        if self._LEARN_UNSUPERVISED_DURING_PREDICT:
            _learn_many(last, X)
        return last.transform_many(X)

    def predict_many(self, X: typing.Any) -> typing.Any:
        """What the last step predicts of the transformed events.

        Parameters
        ----------
        X
            A frame, an event a row.
        """
        if self._is_one_core():
            return _frames.predict(self, X)
        X, last = self._transform_many(X)
        return last.predict_many(X=X)

    def predict_proba_many(self, X: typing.Any) -> typing.Any:
        """The probabilities that the last step gives for the transformed events.

        Parameters
        ----------
        X
            A frame, an event a row.
        """
        if self._is_one_core():
            return _frames.predict_proba(self, X)
        X, last = self._transform_many(X)
        return last.predict_proba_many(X=X)


def _parts(step: typing.Any) -> typing.Iterable[typing.Any]:
    """A step's transformers: those of a union, or itself."""
    is_union = issubclass(type(step), TransformerUnion)
    return step.transformers.values() if is_union else (step,)


def _learn_many(step: typing.Any, X: typing.Any) -> None:
    """Lets those of a step's transformers learn that need no target."""
    for part in _parts(step):
        if not part._supervised:
            part.learn_many(X)
