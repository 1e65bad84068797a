"""A classifier that starts over when the world has changed."""

from __future__ import annotations

import typing

from .. import base


class DriftRetrainingClassifier(base.Wrapper, base.Classifier):
    """A classifier that is replaced when its errors say that the world has changed.

    While the detector warns, a second classifier learns in the background. It takes over when the
    detector reports a change.

    Parameters
    ----------
    model
        The classifier.
    drift_detector
        Watches its errors; `drift.binary.DDM` by default. It has to warn, unless
        `train_in_background` is false.
    train_in_background
        Whether there is a classifier in the background; without one, the classifier that takes
        over has learned nothing.

    Examples
    --------

    >>> from heraclitus import drift, linear_model
    >>> model = drift.DriftRetrainingClassifier(linear_model.LogisticRegression())
    >>> for i in range(600):
    ...     x = i % 7 - 3
    ...     model.learn_one({"x": x}, (x > 0) if i < 300 else (x <= 0))
    >>> model.predict_one({"x": 2})
    False

    """

    def __init__(
        self,
        model: base.Classifier,
        drift_detector: typing.Any = None,
        train_in_background: bool = True,
    ) -> None:
        self.model = model
        self.train_in_background = train_in_background
        if drift_detector is None:
            from .binary import DDM

            drift_detector = DDM()
        self.drift_detector = drift_detector
        if train_in_background:
            self.bkg_model = model.clone()

    @property
    def _wrapped_model(self) -> typing.Any:
        return self.model

    def predict_proba_one(self, x: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """Predict the probability of each label."""
        return self.model.predict_proba_one(x, **kwargs)

    def learn_one(self, x: typing.Any, y: typing.Any, **kwargs: typing.Any) -> None:
        """Update with a set of features and a label."""
        self._watch(x, y)
        self.model.learn_one(x, y, **kwargs)

    def _watch(self, x: typing.Any, y: typing.Any) -> None:
        predicted = self.model.predict_one(x)
        if predicted is None:
            return
        detector = self.drift_detector
        detector.update(int(predicted != y))
        if self.train_in_background and detector.warning_detected:
            self.bkg_model.learn_one(x, y)
        elif detector.drift_detected:
            if self.train_in_background:
                self.model = self.bkg_model
                self.bkg_model = self.model.clone()
            else:
                self.model = self.model.clone()

    @classmethod
    def _unit_test_params(cls) -> typing.Iterator[dict[str, typing.Any]]:
        from .. import linear_model, naive_bayes, preprocessing
        from .binary import DDM

        scaled = preprocessing.StandardScaler() | linear_model.LogisticRegression()
        yield {"model": scaled, "drift_detector": DDM()}
        yield {"model": naive_bayes.GaussianNB(), "drift_detector": DDM()}
